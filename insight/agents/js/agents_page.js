// Puts the page together.

const SECTIONS = [
  ['team', 'The team', teamSection],
  ['agent', 'One agent', agentSection],
  ['groups', 'Over all problems', groupsSection],
  ['behaviours', 'What strong agents do', behavioursSection],
  ['lessons', 'Did lessons help?', lessonsSection],
  ['use', 'What this is for, and what not', useSection],
  ['making', 'How it was made', makingSection],
];

startPage({
  name: 'agents', sections: SECTIONS,
  first: (report) => {
    report.readable = new Map(report.transcripts);
    return headline(report);
  },
});
