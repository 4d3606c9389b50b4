// English words of the closed classes: they weigh less in METEOR. Our own list from grammar (articles, pronouns, prepositions,
// conjunctions, auxiliaries, particles); METEOR's own list is the words of more than 0.1 % of its corpora and is not shipped here.

const ARTICLES = 'a an the this that these those some any no every each all both either neither another such'
const PRONOUNS =
  'i you he she it we they me him her us them my your his its our their mine yours hers ours theirs who whom whose which what one ones there'
const PREPOSITIONS =
  'of in to for with on at by from up about into over after under between through during before behind above below near beside next against along around across off out onto upon within without toward towards inside outside down like as than per via'
const CONJUNCTIONS =
  'and or but nor so yet if while because although though when where whether until since that'
const AUXILIARIES =
  "am is are was were be been being have has had having do does did will would shall should can could may might must 's 're 've 'd 'll 'm n't not"
const PARTICLES = 'also very too just only then now here how why more most other same own'

export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  [ARTICLES, PRONOUNS, PREPOSITIONS, CONJUNCTIONS, AUXILIARIES, PARTICLES].flatMap((words) =>
    words.split(' '),
  ),
)
