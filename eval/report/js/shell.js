// The frame of a page: its sections, the contents beside them, the choice of colours.

function makeSection([id, title, render], report) {
  return h('section', {id, 'aria-labelledby': `${id}-title`},
      h('h2', {id: `${id}-title`}, title), safely(render, report));
}

/** One section that cannot be drawn leaves the others as they are. */
function safely(render, report) {
  try {
    return render(report);
  } catch (error) {
    console.error(error);
    return missing('', 'This section could not be drawn: its data are not as expected.');
  }
}

function contents(sections) {
  const links = () => h('ol', null, sections.map(([id, title]) =>
      h('li', null, h('a', {href: `#${id}`}, title))));
  return [
    h('nav', {class: 'contents', 'aria-label': 'Contents'}, links()),
    h('details', {class: 'contents-folded'}, h('summary', null, 'Contents'),
        h('nav', {'aria-label': 'Contents, folded'}, links())),
  ];
}

// Storage can be refused, as it is for files in some browsers: then the choice lasts until the page
// is closed.
function stored(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(key);
    localStorage.setItem(key, value);
  } catch { /* no storage */ }
  return null;
}

function themeSwitch() {
  const root = document.documentElement;
  const kept = stored('arcsat-theme');
  const choose = (theme) => {
    if (theme === 'auto') delete root.dataset.theme;
    else root.dataset.theme = theme;
    stored('arcsat-theme', theme);
  };
  const start = ['light', 'dark'].includes(kept) ? kept : 'auto';
  choose(start);
  return h('fieldset', {class: 'theme'}, h('legend', {class: 'hidden'}, 'Colours'),
      ['auto', 'light', 'dark'].map((theme) => h('label', null,
          h('input', {type: 'radio', name: 'theme', value: theme, checked: theme === start,
                      onchange: () => choose(theme)}),
          h('span', null, theme))));
}

/** Marks in the contents which section is being read. */
function followReading(main, nav) {
  const links = new Map([...nav.querySelectorAll('a')].map((link) => [link.hash.slice(1), link]));
  const observer = new IntersectionObserver((entries) => {
    for (const {target, isIntersecting} of entries) {
      if (!isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute('aria-current');
      links.get(target.id)?.setAttribute('aria-current', 'true');
    }
  }, {rootMargin: '-20% 0px -70% 0px'});
  for (const section of main.querySelectorAll('section[id]')) observer.observe(section);
}

/**
 * Puts a page together. `name` stands beside the program's in its head, `first` comes before the
 * sections, each an [id, title, render].
 */
function startPage({name, first, sections}) {
  const report = JSON.parse(document.getElementById('data').textContent);
  if (report.title) document.title = `${report.title} · arcsat ${name}`;
  const main = h('main', {id: 'report', tabindex: -1}, first(report),
      sections.map((section) => makeSection(section, report)));
  const [nav, folded_] = contents(sections);
  folded_.addEventListener('click', (event) => {
    if (event.target.closest('a')) folded_.open = false;
  });
  append(document.getElementById('page'), [
    h('div', {class: 'top', role: 'banner'}, h('p', {class: 'brand'}, 'arcsat ',
        h('span', null, name)), folded_, themeSwitch()),
    h('div', {class: 'layout'}, nav, main),
    h('footer', null, h('p', null, 'Opens offline and loads nothing. Drawn with ',
        'Observable Plot and D3 (ISC licence; the notices are in this file).')),
  ]);
  followReading(main, nav);
}
