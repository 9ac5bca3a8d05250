'use strict';
// Texts of the user are only ever set as text (textContent), never parsed as HTML.
(function () {
  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find('data').textContent);

  // ---- Search ----------------------------------------------------------------------------------

  const search = find('search');
  const classes = [...document.querySelectorAll('.class')].map((section) => ({
    section,
    name: section.querySelector('.name').textContent.toLowerCase(),
    videos: [...section.querySelectorAll('.videos > li')].map((item) => ({
      item, path: item.querySelector('.path').textContent.toLowerCase(),
    })),
  }));
  let opened = [];

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (text) => words.every((word) => text.includes(word));
    for (const section of opened) section.open = false;
    let number = 0;
    const shown = [];
    for (const { section, name, videos } of classes) {
      const all = matches(name);
      const found = videos.filter(({ item, path }) => !(item.hidden = !all && !matches(path)));
      section.hidden = !all && !found.length;
      number += found.length;
      if (!section.hidden) shown.push(section);
    }
    find('found').textContent = `${shown.length} of ${classes.length} classes, ${number} videos ` +
      'shown' + (shown.length ? '' : '; nothing is called that');
    // A few results are opened at once, and closed again with the next search.
    opened = words.length && shown.length <= 3 ? shown.filter((section) => !section.open) : [];
    for (const section of opened) section.open = true;
  }

  function openClass(index) {
    const { section } = classes[index];
    if (section.hidden) {
      search.value = '';
      filter();
    }
    section.open = true;
    section.scrollIntoView();
    section.querySelector('summary').focus({ preventScroll: true });
  }

  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 80);
  });
  for (const link of document.querySelectorAll('.taken a')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      openClass(Number(link.hash.slice('#class-'.length)));
    });
  }

  // ---- The heat maps ---------------------------------------------------------------------------

  const maps = [...document.querySelectorAll('.map')];
  const classOf = new Map(data.classIds.map((id, index) => [id, index]));
  const choice = find('map-choice');
  // From index, value, index, value, ... to value by index.
  const counts = data.counts.map((row) => {
    const line = new Map();
    for (let i = 0; i < row.length; i += 2) line.set(row[i], row[i + 1]);
    return line;
  });

  function describe(index, id) {
    const share = (of, label) => {
      const count = counts[of].get(label) || 0;
      const percent = Math.round(100 * count / Math.max(data.videos[of], 1));
      return `${count} of ${data.videos[of]} videos (${percent} %)`;
    };
    const text = `${data.labels[data.classIds[index]]} \u2192 ${data.labels[id]}: `;
    if (data.classIds[index] === id) return text + 'a class is never its own negative';
    const back = classOf.has(id) ? `, back ${share(classOf.get(id), data.classIds[index])}` : '';
    return `${text}among the first ${data.first} of ${share(index, id)}${back}`;
  }

  maps.forEach((element, number) => {
    const map = data.maps[number];
    const [left, top, width, height] = map.box;
    const mark = element.querySelector('.cell');
    let row = -1;
    let column = -1;

    function point(y, x) {
      row = Math.min(Math.max(y, 0), map.rows.length - 1);
      column = Math.min(Math.max(x, 0), map.columns.length - 1);
      const percent = (share) => `${100 * share}%`;
      mark.hidden = false;
      mark.style.left = percent(left + width * (column + 0.5) / map.columns.length);
      mark.style.top = percent(top + height * (row + 0.5) / map.rows.length);
      mark.style.width = percent(width / map.columns.length);
      mark.style.height = percent(height / map.rows.length);
      find('map-text').textContent = describe(map.rows[row], map.columns[column]);
    }

    // Whether the event is on a cell, which is then the current one.
    function follow(event) {
      const box = element.getBoundingClientRect();
      const x = Math.floor(((event.clientX - box.left) / box.width - left) / width * map.columns.length);
      const y = Math.floor(((event.clientY - box.top) / box.height - top) / height * map.rows.length);
      const inside = x >= 0 && x < map.columns.length && y >= 0 && y < map.rows.length;
      if (inside && (x !== column || y !== row)) point(y, x);
      return inside;
    }

    element.addEventListener('mousemove', follow);
    element.addEventListener('click', (event) => {
      // A finger cannot point without clicking: there, a touch only reads the cell.
      if (follow(event) && event.pointerType !== 'touch') openClass(map.rows[row]);
    });
    element.addEventListener('focus', () => { if (row < 0) point(0, 0); });
    element.addEventListener('keydown', (event) => {
      const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      if (event.key in moves) {
        point(row + moves[event.key][0], column + moves[event.key][1]);
        event.preventDefault();
      } else if (event.key === 'Enter') {
        openClass(map.rows[row]);
        event.preventDefault();
      }
    });
  });
  choice.addEventListener('change', () => {
    maps.forEach((map, number) => { map.hidden = number !== Number(choice.value); });
  });

  filter();
  document.documentElement.dataset.ready = 'yes';
})();
