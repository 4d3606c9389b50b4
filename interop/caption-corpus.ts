// Captions that are hard to split: by hand, one for each rule and each neighbour of a rule; and made from pieces by a seed.
import { randomOf } from '../packages/eval/src/statistics/random.ts'

export const HARD_CAPTIONS: readonly string[] = `
A man isn't riding; it's the dog's bike!
two “big” cats — one ‘small’ … and «grey» ones – done
“Don’t,” she said, ‘it’s the cats’ toy’.
"a" 'b' \`c\` \`\`d'' „e“ ‚f‘ ‹g› ‟h‛
a 1950's diner in the 1950s and the '50s, '50 and '05 cars
rock 'n' roll, rock 'n roll, rock n' roll, fish ’n’ chips
a sign that says @home and #1 and #sale and @ 5 @@ ## __ _x_
a cat/dog and/or he/she/it 24/7 w/ a w/o km/h
1 Main St. in St. Louis, N.Y. 10001, tel. 555-1234 or (555) 123-4567 or +44 20 7946 0958
see http://example.com/a?b=c&d=e. or www.example.co.uk, example.com/x and ftp://x.y
mail a.b+c@example.com, <a@b.org>, mailto:x@y.net; user@host
wow!!! what?! no?? yes! ... ok.. hmm.... oh..... ah...... . . . end . . .
[left] {curly} (round) <b>tag</b> <br/> <a href="x y">z</a> << >> < >
a t-shirt, a twenty-two-year-old, mother-in-law's X-ray, 3-D, e-mail, co-op, -5, --, ---, ----, ----- a--b
1,000 stars, 1.5 m, 3:45 p.m., 12/31/2020, 1-2-99, 2014-09-02, 1/2, 1 1/2, 3 3/4, ½ ¼ ⅔ ⅛ cup, 1st 2nd 3rd 4th
$5 US$5 $1.50 £5 €5 ¥5 5¢ 5% 50°F 20°C #5 No. 5 no. 5 Nos. 3
Mr. Fox, Mrs. Fox, Ms. X, Dr. Who, Prof. Y, Jr. and Sr., Inc. Corp. Ltd. Co. etc. e.g. i.e. vs. a.m. p.m. U.S. U.K. Ave. Blvd. Mt. Ft.
He lives in the U.S. The dog. I. The cat. J. K. Rowling and F. Scott. Ph.D. M.D. B.A.
Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sept. Oct. Nov. Dec. Mon. Tues. Wed. Thurs. Fri. Sat. Sun.
cannot gonna gotta wanna gimme lemme dunno 'tis 'twas d'ye more'n whaddya
I'm you're he's she'd we'll they've it'd who's there're could've shouldn't won't can't ain't y'all y'know o'clock
the boys' toys, James's hat, rock'n'roll, ma'am, o'er, e'er, ne'er-do-well, Qur'an, l'eau, d'Artagnan, O'Neil, O’Neil, Hallowe'en
c'mon cap'n s'mores ev'ry li'l nat'l nor'easter cont'd somethin' ol' 'em 'til 'till 'cause Dunkin'
AT&T R&D S&P-500 S&Ls B&amp;B Q&amp;A &lt;x&gt; &quot;y&quot; &apos;z&apos; &nbsp; &mdash; &#39; &eacute; caf&eacute;
C++ c# f# C# .NET node.js file.jpg photo.JPEG, a.tar.gz x.png. README.md
:) :-) ;) :D :P :( :-/ <3 (^_^) ^_^ -_- >:( =) :* x_x
naïve café Zürich façade jalapeño Ærø ß İstanbul ŒUVRE
ein Hund läuft über die Straße, un chien court, un perro corre, собака бежит, 一只狗在跑。犬が走る、 كلب يجري کلب कुत्ता
emoji 😀 and 👨‍👩‍👧 and ❤️ and ★ ☆ ✓ → ← × ÷ ± § ¶ © ® ™ • · ° º ª
soft\u00ADhyphen non\u2011breaking\u00A0space zero\u200Bwidth \uFEFFbom em\u2003space
x² m³ CO₂ H₂O 10⁻³ ¹ ⁿ
* ** *** \\* \\*\\* a*b ~ ^ | \\ / // = == + ++ & && % ¿qué? ¡hola!
a,b a;b a:b a.b a!b a?b .5 ,5 5. 5, 5: +5 -.5 1..2 1,,2
ACME Corp., of course Inc., a thing etc., x., y.; word.: end.
OK! magazine Yahoo! and E! and Jeopardy! pty. ltd. Co. Ltd. fig. 3 figs. 3 pp. 5 ca. 1900 op. 5 art. 5 Prop. 8
non-U.S. Canada-U.S. U.S.-U.K. U.S.-based U.S.A. U.S.S.R. U.N. a.k.a. R.I.P. D.C.-area
a.b.c a.b.c. A.B.C A.B.C. a1.b2 b2b 4x4 4K 5G 10am 10 a.m 3pm 100km 6ft 6' 2" 6'2" 5'10
grey colour centre theatre favourite behaviour
it ’s a dog ’ s life , n't 's 'd n ’t do n't ca n't
'' ' \`\` \` " "" '''' "x" 'x' 'xy' 'x y' x' 'X
-LRB- -RRB- -lrb- -LSB- pro- anti- pro-life anti-war
1-800-555-1212 800.555.1212 1.800.555.1212 (02) 1234 5678 ++44 123 4567
www.a.b a.com a.net/x, b.org. c.edu/ www.x.y/z?q=1, http://x http://x/ https://x.y/(z)
#hashtag #123 #a1 #ünï @user_1 @1 a@ @. ＠x ＃x
don´t it´s it\`s don\`t don‘t it‘s don‛t rock‘n’roll O\`Neil
<!DOCTYPE html> <?xml version="1.0"?> </p> <p class='x'> <img src="a.jpg" alt="b"/> <3 a<b c>d <x y z>
.`
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '')

const PIECES = [
  ...'a b the dog cat it x I A The Mr Dr etc U.S U.S. e.g. St Inc Co No no fig ca n nt t s d m ll re ve em til twas tis can cannot gonna y o l d'.split(
    ' ',
  ),
  ...'0 1 5 12 50 1950 2014 1,000 1.5 1/2 3:45 555 1234 st nd th am p.m ft km'.split(' '),
  ...'. , ; : ! ? ... .. - -- --- — – … / \\ | @ # $ % ^ & * ( ) [ ] { } < > << >> = + ~ _ &amp; &lt; &gt; &quot; &apos; &nbsp; &mdash;'.split(
    ' ',
  ),
  ...[
    "'",
    '"',
    '`',
    '``',
    "''",
    '’',
    '‘',
    '“',
    '”',
    '«',
    '»',
    '‹',
    '›',
    '„',
    '‚',
    '´',
    "n't",
    "'s",
    '’s',
    "'n'",
    "'d",
    "'re",
  ],
  ...'http:// www. .com .org .jpg .c .txt @x.com #tag @user :-) :( ;P ^_^ £ € ¥ ¢ ½ ¼ ² ₂ ° © é ß Ж 犬 。 、 ¿ ¡ \u00AD \u200B \u00A0 \u2003 😀 ﬁ Ⅳ Ⓐ ﷺ ़ \u0301'.split(
    ' ',
  ),
  ...'cat/dog and/or t-shirt x-ray AT&T C++ Ph.D Sept Calif Ltd pro- anti- Yahoo OK file.png <b> </b> <a href="x">'.split(
    ' ',
  ),
] as const

/** `count` captions of 1 to 12 pieces, some joined, some with blanks between. */
export function madeCaptions(count: number, seed: number): string[] {
  const random = randomOf(seed)
  return Array.from({ length: count }, () => {
    let text = ''
    for (let left = 1 + random.below(12); left > 0; left--) {
      text += PIECES[random.below(PIECES.length)]!
      if (random.below(5) < 2) text += ' '
    }
    return text.trim()
  }).filter((text) => text !== '')
}
