// A page of one's own: a region of a canvas as words, and what the words say, drawn over it. Nothing leaves the browser.
import { codecFromFiles } from 'maskwords/codecs'
import { openWebSession } from 'maskwords/graph/web'
import { iou, maskFromRowMajor, rowMajorBytes } from 'maskwords/mask'

const canvas = document.querySelector('canvas')
const output = document.querySelector('output')
const { width: widthPx, height: heightPx } = canvas
const context = canvas.getContext('2d')

/** A file of node_modules/maskwords/weights/samtok-nano, which this site has under models/. */
async function modelFile(name) {
  const response = await fetch(`models/samtok-nano/${name}`)
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** A picture, and which of its pixels are meant: here a disc on a blue ground. */
function drawScene() {
  context.fillStyle = 'steelblue'
  context.fillRect(0, 0, widthPx, heightPx)
  context.fillStyle = 'orange'
  context.beginPath()
  context.arc(60, 60, 36, 0, 2 * Math.PI)
  context.fill()
  const { data } = context.getImageData(0, 0, widthPx, heightPx)
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let i = 0; i < bytes.length; i++) {
    rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i)
    bytes[i] = data[4 * i] > 128 ? 1 : 0
  }
  return { picture: { widthPx, heightPx, rgb }, mask: maskFromRowMajor({ widthPx, heightPx, bytes }) }
}

function drawOver(mask) {
  const bytes = rowMajorBytes(mask)
  const pixels = context.getImageData(0, 0, widthPx, heightPx)
  for (let i = 0; i < bytes.length; i++) if (bytes[i]) pixels.data[4 * i + 1] = 255
  context.putImageData(pixels, 0, 0)
}

async function main() {
  const config = new TextDecoder().decode(await modelFile('config.json'))
  const weights = await modelFile('weights.safetensors')
  const runtime = { target: 'web', open: openWebSession }
  const codec = await codecFromFiles({ name: 'samtok-nano', config, weights }, { runtime })
  const { picture, mask } = drawScene()
  const image = await codec.encodeImage(picture)
  const [words] = await codec.encode(image, [mask])
  const [decoded] = await codec.decode(image, [words.text])
  drawOver(decoded.mask)
  output.textContent = `${words.text} ${iou(mask, decoded.mask).toFixed(3)}`
  await codec.close()
}

main().catch((error) => {
  output.textContent = `failed: ${error.message} ${error.hint ?? ''}`
})
