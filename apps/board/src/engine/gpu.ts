// Whether networks run on WebGPU: only where the browser has a real adapter, the numbers are those of WebAssembly, and it is
// faster. Small networks are often not: each of their many steps costs a start on the GPU.
import { iou } from '@maskwords/mask'
import type { Proof } from './calls.ts'

/** `wasm` never tries WebGPU; `webgpu` takes it wherever its numbers are right, slower or not. From `?device=` of the address. */
export type DeviceWish = 'auto' | 'wasm' | 'webgpu'

export function deviceWish(search: string): DeviceWish {
  const wish = new URLSearchParams(search).get('device')
  return wish === 'wasm' || wish === 'webgpu' ? wish : 'auto'
}

type Adapter = {
  readonly info?: { readonly isFallbackAdapter?: boolean }
  readonly isFallbackAdapter?: boolean
}
type Gpu = { requestAdapter(): Promise<Adapter | null> }

/** True where there is an adapter that is worth a try; `undefined` and a reason otherwise. */
export async function usableGpu(
  gpu: Gpu | undefined,
  wish: DeviceWish,
): Promise<{ readonly usable: true } | { readonly usable: false; readonly reason?: string }> {
  if (gpu === undefined || wish === 'wasm') return { usable: false }
  const adapter = await gpu.requestAdapter().catch(() => null)
  if (adapter === null) return { usable: false, reason: 'this machine has no adapter for it' }
  const software = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false
  if (software && wish !== 'webgpu') return { usable: false, reason: 'its adapter here is software' }
  return { usable: true }
}

/** Masks of two devices may differ in border pixels. */
const LEAST_IOU = 0.98

/** Why WebGPU is not taken for a codec, from what both devices made of the same picture and mask; undefined where it is. */
export function refusal(wasm: Proof, webgpu: Proof, wish: DeviceWish): string | undefined {
  const same = iou(wasm.mask, webgpu.mask)
  if (wasm.codes.some((code, i) => webgpu.codes[i] !== code))
    return 'its numbers differ from WebAssembly here'
  if (!(same >= LEAST_IOU)) return `its masks differ from WebAssembly's here (IoU ${same.toFixed(2)})`
  if (wish === 'webgpu' || webgpu.decodeMs <= wasm.decodeMs) return undefined
  return `slower here, ${webgpu.decodeMs.toFixed(0)} ms a mask against ${wasm.decodeMs.toFixed(0)} ms`
}
