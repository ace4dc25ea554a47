// Puts the page together.

startPage({
  name: 'comparison', first: comparisonHeader,
  sections: [
    ['figures', 'Figures side by side', perPair(figuresSection)],
    ['groups', 'Where did it get worse?', perPair(groupsSection)],
    ['flips', 'What flipped', perPair(flipsSection)],
    ['conversations', 'Conversations', perPair(conversationsSection)],
    ['drift', 'What they learned from', perPair(driftSection)],
    ['making', 'How it was made', makingSection],
  ],
});
