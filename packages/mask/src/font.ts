// A 5 x 7 bitmap font, drawn for this package: printable ASCII, one block of text a row of letters. `#` is ink.

export const GLYPH_WIDTH_PX = 5
export const GLYPH_HEIGHT_PX = 7

type Band = { readonly glyphs: string; readonly rows: readonly string[] }

const bands: readonly Band[] = [
  {
    glyphs: '0123456789',
    rows: [
      ' ###    #    ###  #####    #  #####  ###  #####  ###   ### ',
      '#   #  ##   #   #    #    ##  #     #   #     # #   # #   #',
      '#  ##   #       #   #    # #  ####  #        #  #   # #   #',
      '# # #   #      #     #  #  #      # ####    #    ###   ####',
      '##  #   #     #       # #####     # #   #   #   #   #     #',
      '#   #   #    #    #   #    #  #   # #   #   #   #   # #   #',
      ' ###   ###  #####  ###     #   ###   ###    #    ###   ### ',
    ],
  },
  {
    glyphs: 'ABCDEFGHIJ',
    rows: [
      ' ###  ####   ###  ####  ##### #####  ###  #   #  ###    ###',
      '#   # #   # #   # #   # #     #     #   # #   #   #      # ',
      '#   # #   # #     #   # #     #     #     #   #   #      # ',
      '##### ####  #     #   # ####  ####  # ### #####   #      # ',
      '#   # #   # #     #   # #     #     #   # #   #   #      # ',
      '#   # #   # #   # #   # #     #     #   # #   #   #   #  # ',
      '#   # ####   ###  ####  ##### #      ###  #   #  ###   ##  ',
    ],
  },
  {
    glyphs: 'KLMNOPQRST',
    rows: [
      '#   # #     #   # #   #  ###  ####   ###  ####   ###  #####',
      '#  #  #     ## ## ##  # #   # #   # #   # #   # #   #   #  ',
      '# #   #     # # # # # # #   # #   # #   # #   # #       #  ',
      '##    #     # # # #  ## #   # ####  #   # ####   ###    #  ',
      '# #   #     #   # #   # #   # #     # # # # #       #   #  ',
      '#  #  #     #   # #   # #   # #     #  #  #  #  #   #   #  ',
      '#   # ##### #   # #   #  ###  #      ## # #   #  ###    #  ',
    ],
  },
  {
    glyphs: 'UVWXYZ()[]',
    rows: [
      '#   # #   # #   # #   # #   # #####    #  #      ###   ### ',
      '#   # #   # #   # #   # #   #     #   #    #     #       # ',
      '#   # #   # #   #  # #   # #     #   #      #    #       # ',
      '#   # #   # # # #   #     #     #    #      #    #       # ',
      '#   # #   # # # #  # #    #    #     #      #    #       # ',
      '#   #  # #  ## ## #   #   #   #       #    #     #       # ',
      ' ###    #   #   # #   #   #   #####    #  #      ###   ### ',
    ],
  },
  {
    glyphs: 'abcdefghij',
    rows: [
      '      #               #         ##        #       #      # ',
      '      #               #        #          #                ',
      ' ###  ####   ###   ####  ###  ####   #### ####   ##     ## ',
      '    # #   # #     #   # #   #  #    #   # #   #   #      # ',
      ' #### #   # #     #   # #####  #    #   # #   #   #      # ',
      '#   # #   # #     #   # #      #     #### #   #   #   #  # ',
      ' #### ####   ###   ####  ###   #     ###  #   #  ###   ##  ',
    ],
  },
  {
    glyphs: 'klmnopqrst',
    rows: [
      '#      ##                                               #  ',
      '#       #                                               #  ',
      '#  #    #   ## #  ####   ###  ####   #### # ##   ####  ### ',
      '# #     #   # # # #   # #   # #   # #   # ##    #       #  ',
      '##      #   # # # #   # #   # ####   #### #      ###    #  ',
      '# #     #   # # # #   # #   # #         # #         #   #  ',
      '#  #   ###  # # # #   #  ###  #         # #     ####     ##',
    ],
  },
  {
    glyphs: 'uvwxyz{}<>',
    rows: [
      '                                       ##  ##       # #    ',
      '                                      #      #     #   #   ',
      '#   # #   # #   # #   # #   # #####   #      #    #     #  ',
      '#   # #   # # # #  # #  #   #    #   #        #  #       # ',
      '#   # #   # # # #   #    ####   #     #      #    #     #  ',
      '#  ##  # #  # # #  # #      #  #      #      #     #   #   ',
      ' ## #   #    # #  #   #  ###  #####    ##  ##       # #    ',
    ],
  },
  {
    glyphs: ' .,:;!?\'"-',
    rows: [
      '                                #    ###    #    # #       ',
      '                                #   #   #   #    # #       ',
      '                    #     #     #       #                  ',
      '                                #      #              #####',
      '                                #     #                    ',
      '        #     #     #     #                                ',
      '        #    #           #      #     #                    ',
    ],
  },
  {
    glyphs: '_+=*/\\|%#&',
    rows: [
      '                            # #       #   ##  #  # #   ##  ',
      '        #         # # #    #   #      #   ##  #  # #  #  # ',
      '        #   #####  ###     #   #      #      #  ##### #  # ',
      '      #####         #     #     #     #     #    # #   ##  ',
      '        #   #####  ###   #       #    #    #    ##### # # #',
      '        #         # # #  #       #    #   #  ##  # #  #  # ',
      '#####                   #         #   #   #  ##  # #   ## #',
    ],
  },
  {
    glyphs: '@$^~`',
    rows: [
      ' ###    #     #          #   ',
      '#   #  ####  # #   #      #  ',
      '# ### # #   #   # # # #      ',
      '# # #  ###           #       ',
      '# ###   # #                  ',
      '#     ####                   ',
      ' ###    #                    ',
    ],
  },
]

const glyphOf = makeGlyphs()

function makeGlyphs(): Map<string, Uint8Array> {
  const glyphs = new Map<string, Uint8Array>()
  for (const band of bands) {
    for (const [i, character] of [...band.glyphs].entries()) {
      const left = i * (GLYPH_WIDTH_PX + 1)
      const glyph = new Uint8Array(GLYPH_WIDTH_PX * GLYPH_HEIGHT_PX)
      for (let y = 0; y < GLYPH_HEIGHT_PX; y++) {
        for (let x = 0; x < GLYPH_WIDTH_PX; x++) {
          if (band.rows[y]![left + x] === '#') glyph[y * GLYPH_WIDTH_PX + x] = 1
        }
      }
      glyphs.set(character, glyph)
    }
  }
  return glyphs
}

/** The ink of a character, row-major, 1 where there is some. Characters without a glyph look like `?`. */
export function glyph(character: string): Uint8Array {
  return glyphOf.get(character) ?? glyphOf.get('?')!
}

/** Every character that has a glyph of its own, in a fixed order. */
export function glyphCharacters(): string[] {
  return [...glyphOf.keys()]
}
