// Puts the page together.

const SECTIONS = [
  ['accuracy', 'Key figures', figuresSection],
  ['population', 'Population CSAT', populationSection],
  ['calibration', 'Calibration', calibrationSection],
  ['answers', 'Answers on the scale', answersSection],
  ['ranking', 'Ranking', rankingSection],
  ['distributions', 'Distributions', distributionSection],
  ['arcs', 'Typical arcs', arcsSection],
  ['conversations', 'Conversations', conversationsSection],
  ['claim', 'Does the transition matter?', claimSection],
  ['slices', 'By group', slicesSection],
  ['turns', 'Rated turns', turnsSection],
  ['conformal', 'Prediction sets', conformalSection],
  ['learning', 'Learning curve', learningSection],
  ['experiments', 'Experiments', experimentsSection],
  ['making', 'How it was made', makingSection],
];

startPage({name: 'evaluation', first: verdictSection, sections: SECTIONS});
