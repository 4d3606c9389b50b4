// The shell's icons: 20 x 20 strokes, our own. They say nothing to screen readers; their buttons have names.
const PATHS = {
  pan: 'M4 3l5.5 14 2-5.5L17 9.5z',
  object: 'M10 3.500a6.5 6.5 0 100 13 6.5 6.5 0 000-13zM10 7v6M7 10h6',
  brush: 'M15.5 3.5l1 1-7 8-2.5-2.5zM6 11c-2 .5-2 3-4 4.5 2.5 1.5 6 .5 6.5-2z',
  eraser: 'M8 16h9M3.5 12.5L11 5l5 5-6 6H7z M7.5 8.5l5 5',
  polygon: 'M4 15l2-10 8-1.5 3 7-6 6.500z',
  box: 'M3.5 4.500h13v11h-13z',
  magic: 'M4 16L12 8M14 3v3M14 9v2.500M10 5.500h2M15.5 5.500h2.500M16.5 9l1 1',
  place: 'M10 2.500v15M2.5 10h15M8 4.500l2-2 2 2M8 15.500l2 2 2-2M4.5 8l-2 2 2 2M15.5 8l2 2-2 2',
  corners: 'M5 6.500L8.5 13M6.5 5h7M15 6.500L11.5 13M3.5 3.500h3v3h-3zM13.5 3.500h3v3h-3zM8.5 13.500h3v3h-3z',
  undo: 'M7 4L3.5 7.5 7 11M4 7.500h7.500a4.5 4.5 0 010 9H8',
  redo: 'M13 4l3.5 3.500L13 11M16 7.500H8.500a4.5 4.5 0 000 9H12',
  open: 'M3 15.500v-11h5l1.5 2H17v9z',
  sample: 'M3.5 4h13v12h-13zM3.5 13l4-4 3.5 3.5 2-2 3.5 3M13 7.500h.01',
  masks: 'M10 3l7 3.5-7 3.5-7-3.500zM3 10l7 3.5 7-3.500M3 13.500L10 17l7-3.5',
  save: 'M10 3v9M6.5 8.500L10 12l3.5-3.500M4 15.500v1.500h12v-1.5',
  link: 'M8.5 11.500l3-3M7 9.500L4.8 11.700a2.8 2.8 0 004 4L11 13.500M13 10.500l2.2-2.200a2.8 2.8 0 00-4-4L9 6.5',
  light:
    'M10 6.500a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 2v1.500M10 16.500V18M2 10h1.500M16.5 10H18M4.3 4.300l1.1 1.100M14.6 14.600l1.1 1.100M4.3 15.700l1.1-1.100M14.6 5.400l1.1-1.1',
  dark: 'M15.5 12A6.5 6.5 0 018 4.500a6.5 6.5 0 107.5 7.500z',
  help: 'M7.5 7.500a2.5 2.5 0 113.8 2.100c-.9.6-1.3 1-1.3 2M10 14.500h.01M10 2.500a7.5 7.5 0 100 15 7.5 7.5 0 000-15z',
  shown: 'M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 7.800a2.2 2.2 0 100 4.4 2.2 2.2 0 000-4.400z',
  hidden:
    'M3 3l14 14M8 5.300A8.5 8.5 0 0110 5c5 0 8 5 8 5a14 14 0 01-2.3 2.800M5 6.700A14 14 0 002 10s3 5 8 5c1.2 0 2.3-.3 3.3-.7',
  copy: 'M7 7h9.500v9.500H7zM4.5 13h-1V3.500H13v1',
  bin: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.500h7.400L14.5 6M8.5 9v5M11.5 9v5',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  fit: 'M3.5 7.500v-4h4M12.5 3.500h4v4M16.5 12.500v4h-4M7.5 16.500h-4v-4',
  close: 'M5 5l10 10M15 5L5 15',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
} as const
export type IconName = keyof typeof PATHS

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
