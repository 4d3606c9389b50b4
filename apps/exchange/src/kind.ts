// What a file is, by its name and first bytes. Definition: ours.

/** Whether bytes and name look like a file of masks that is no picture: annotations, names of classes, an archive. */
export function isMaskText(name: string, head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head.subarray(0, 256)).replace(/^\uFEFF/, '')
  if (/\.(?:json|jsonl|xml|txt|ya?ml|zip)$/i.test(name)) return true
  return /^\s*[[{]/.test(text) || /^\s*<(?:\?xml[^>]*>\s*<)?annotations/.test(text) || isZip(head)
}

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4

export const isPng = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47
