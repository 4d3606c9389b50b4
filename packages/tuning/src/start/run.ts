// A small multimodal model before it has learned anything, as a folder that `learn sft` takes: vocabulary, template, sizes, first weights,
// and the detector that it sees with.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { openCheckpointFile, type TensorToWrite, writeSafetensorsFile } from '@maskwords/checkpoint'
import { ensureFolder, MaskwordsError, shippedFolder, writeWhole } from '@maskwords/files'
import { networkWeights } from '@maskwords/mllm/engine'
import { DETECTOR_PREFIX, readQwenConfig } from '@maskwords/models'
import { samtokVocabulary, wordsOf } from '@maskwords/words'
import { firstWeight } from '../model/first-weight.ts'
import { keepConfig } from '../run/folder.ts'
import { readConversations } from '../text/read-conversations.ts'
import type { StartConfig } from './config.ts'
import { learnVocabulary, type SPECIAL_WORDS } from './vocabulary.ts'

/** As Qwen's, without what a small model has no use for. */
const TEMPLATE = `{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

export type StartOptions = {
  readonly config: StartConfig
  /** Gets `model/`. */
  readonly folder: string
  readonly signal: AbortSignal
}

/**
 * Writes the folder of a new model and gives its path.
 * @throws MaskwordsError `usage` for a folder of another run, `not-found` for a detector that is not there, `malformed` for sizes that do not fit each other.
 */
export async function startModel({ config, folder, signal }: StartOptions): Promise<string> {
  await keepConfig(folder, config, signal)
  const masks = samtokVocabulary(config.words)
  const maskWords = new RegExp(
    wordsOf(masks)
      .map((word) => word.replaceAll('|', '\\|'))
      .join('|'),
    'g',
  )
  const conversations = await readConversations(config.data.files, { signal })
  const texts = conversations.flatMap(({ turns }) => turns.map(({ text }) => text.replace(maskWords, ' ')))
  const vocabulary = learnVocabulary([...texts, 'user', 'assistant', 'system'], {
    size: config.text.vocabulary,
    masks,
  })
  const detector = detectorFolder(config.detector)
  const json = configJson(config, vocabulary, JSON.parse(readFileSync(join(detector, 'config.json'), 'utf8')))
  const model = join(folder, 'model')
  await ensureFolder(model)
  const put = (name: string, value: unknown) =>
    writeWhole(
      join(model, name),
      new TextEncoder().encode(
        typeof value === 'string' ? value : `${JSON.stringify(value, undefined, 2)}\n`,
      ),
      signal,
    )
  await put('tokenizer.json', vocabulary.json)
  await put('tokenizer_config.json', { clean_up_tokenization_spaces: false })
  await put('chat_template.jinja', TEMPLATE)
  await put('generation_config.json', { eos_token_id: vocabulary.ids['<|im_end|>'] })
  await put('config.json', json)
  const source = await openCheckpointFile(join(detector, 'weights.safetensors'))
  try {
    const tensors = networkWeights(readQwenConfig(json)).map(({ name, shape }): TensorToWrite => {
      if (!name.startsWith(DETECTOR_PREFIX)) {
        const data = firstWeight(name, shape, { seed: config.seed, layers: config.text.layers })
        return { name, dtype: 'float32', shape, data }
      }
      const key = name.slice(DETECTOR_PREFIX.length)
      const info = source.tensors.get(key)
      if (info === undefined || String(info.shape) !== String(shape)) {
        throw new MaskwordsError('malformed', `the detector's weights have no "${key}" of [${shape}]`, {
          file: detector,
        })
      }
      return { name, dtype: info.dtype, shape, data: () => source.read(key) }
    })
    await writeSafetensorsFile(join(model, 'model.safetensors'), {
      tensors,
      metadata: { format: 'pt' },
      signal,
    })
  } finally {
    await source.close()
  }
  return model
}

function detectorFolder(name: string): string {
  const folder = !existsSync(name) && basename(name) === 'nanodet-g' ? shippedFolder('nanodet-g') : name
  if (existsSync(join(folder, 'weights.safetensors'))) return folder
  throw new MaskwordsError('not-found', 'there is no detector here: config.json and weights.safetensors', {
    file: name,
    hint: 'nanodet-g ships with this package',
  })
}

function configJson(
  { text, eyes }: StartConfig,
  { ids, size }: ReturnType<typeof learnVocabulary>,
  detector: { config?: unknown },
): Record<string, unknown> {
  const id = (word: (typeof SPECIAL_WORDS)[number]) => ids[word]
  const half = text.headWidth / 2
  const sides = Math.floor((half * 5) / 16)
  return {
    architectures: ['MaskwordsNano'],
    model_type: 'maskwords_nano',
    tie_word_embeddings: true,
    image_token_id: id('<|image_pad|>'),
    video_token_id: id('<|video_pad|>'),
    vision_start_token_id: id('<|vision_start|>'),
    vision_end_token_id: id('<|vision_end|>'),
    eos_token_id: id('<|im_end|>'),
    text_config: {
      hidden_size: text.width,
      num_hidden_layers: text.layers,
      num_attention_heads: text.heads,
      num_key_value_heads: text.kvHeads,
      head_dim: text.headWidth,
      intermediate_size: text.mlpWidth,
      vocab_size: size,
      max_position_embeddings: text.maxTokens,
      rms_norm_eps: 1e-6,
      rope_parameters: {
        rope_type: 'default',
        rope_theta: 1e4,
        mrope_section: [half - 2 * sides, sides, sides],
      },
    },
    vision_config: {
      detector: detector.config,
      num_objects: eyes.objects,
      hidden_size: eyes.hiddenWidth,
      out_hidden_size: text.width,
    },
  }
}
