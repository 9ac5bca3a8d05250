'use strict';
// Texts of the user are only ever set as text (textContent, alt), never parsed as HTML.
(function () {
  const find = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(find(id).textContent);
  const data = read('data');
  const classOf = new Map(data.classIds.map((id, index) => [id, index]));
  const nameOf = (index) => data.labels[data.classIds[index]];
  const percent = (share) => Math.round(100 * share) + ' %';

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // Counts of the heat map: from index, value, index, value, ... to a row of numbers.
  function dense(rows) {
    return rows.map((row) => {
      const line = new Float32Array(data.labels.length);
      for (let i = 0; i < row.length; i += 2) line[row[i]] = row[i + 1];
      return line;
    });
  }
  const counts = { first: dense(data.amongFirst), depth: dense(data.amongDepth) };
  const total = data.videos.reduce((sum, count) => sum + count, 0);
  find('facts').textContent = total + ' videos, ' + data.classIds.length + ' classes, ' +
    data.labels.length + ' labels';

  // ---- The list of classes ---------------------------------------------------------------------

  const sections = data.classIds.map((id, index) => {
    const section = element('details', 'class');
    section.id = 'section-' + index;
    const summary = element('summary');
    summary.append(element('span', 'name', nameOf(index)));
    const overlap = data.overlap[index];
    summary.append(element('span', 'meta', data.videos[index] + ' videos' +
      (overlap === null ? '' : ', overlap ' + overlap.toFixed(2))));
    section.append(summary);
    // Pictures are made when a class is opened for the first time.
    section.addEventListener('toggle', () => { if (section.open) render(index); });
    find('classes').append(section);
    return section;
  });
  const items = data.classIds.map(() => null);

  function render(index) {
    if (items[index]) return;
    const videos = read('class-' + index);
    sections[index].append(takenFor(index));
    const list = element('ul', 'videos');
    items[index] = videos.map((video, at) => {
      const item = renderVideo(video, data.paths[index][at]);
      list.append(item);
      return item;
    });
    if (!videos.length) sections[index].append(element('p', 'meta', 'No video of this class.'));
    sections[index].append(list);
    applySearch(index);
  }

  function takenFor(index) {
    const line = element('p', 'taken', 'Hardest for the class: ');
    const shown = data.classNegatives[index].slice(0, data.depth);
    shown.forEach((id, at) => {
      if (at) line.append(', ');
      const label = data.labels[id];
      if (classOf.has(id)) {
        const button = element('button', '', label);
        button.type = 'button';
        button.addEventListener('click', () => openClass(classOf.get(id)));
        line.append(button);
      } else {
        line.append(label);
      }
      const share = counts.first[index][id] / Math.max(data.videos[index], 1);
      line.append(' ' + percent(share));
    });
    line.append(shown.length
      ? ' (share of the videos with it among the first ' + data.first + ').' : 'none.');
    return line;
  }

  function renderVideo(video, path) {
    const item = element('li');
    if (data.pictures && video.image) {
      const image = element('img');
      image.decoding = 'async';
      image.alt = 'Middle frame of ' + path;
      image.src = video.image;
      item.append(image);
    } else if (data.pictures) {
      item.append(element('div', 'tile', path + ': ' + video.problem));
    }
    item.append(element('p', 'path', path));
    const low = Math.min(0, video.scores[video.scores.length - 1]);
    const span = Math.max(video.scores[0] - low, 1e-9);
    const negatives = element('ol', 'negatives');
    video.negatives.forEach((id, rank) => {
      const line = element('li', rank < data.depth ? '' : 'rest');
      line.append(element('span', '', data.labels[id]));
      line.append(element('span', 'score', video.scores[rank].toFixed(3)));
      const bar = element('span', 'bar');
      bar.style.width = 100 * (video.scores[rank] - low) / span + '%';
      line.append(bar);
      negatives.append(line);
    });
    item.append(negatives);
    return item;
  }

  function openClass(index) {
    if (sections[index].hidden) {
      search.value = '';
      filter();
    }
    sections[index].open = true;
    render(index);
    sections[index].scrollIntoView({ block: 'start' });
    sections[index].querySelector('summary').focus({ preventScroll: true });
  }

  // ---- Search ----------------------------------------------------------------------------------

  const search = find('search');
  const classTexts = data.classIds.map((id, index) => nameOf(index).toLowerCase());
  const pathTexts = data.paths.map((paths) => paths.map((path) => path.toLowerCase()));
  let words = [];
  let opened = [];
  const matches = (text) => words.every((word) => text.includes(word));

  function applySearch(index) {
    if (!items[index]) return;
    const all = matches(classTexts[index]);
    items[index].forEach((item, at) => {
      item.hidden = !all && !matches(pathTexts[index][at]);
    });
  }

  function filter() {
    words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const index of opened) sections[index].open = false;
    opened = [];
    let videos = 0;
    const shown = [];
    sections.forEach((section, index) => {
      const all = matches(classTexts[index]);
      const number = all ? pathTexts[index].length : pathTexts[index].filter(matches).length;
      section.hidden = !all && !number;
      if (!section.hidden) {
        shown.push(index);
        videos += number;
      }
      applySearch(index);
    });
    find('found').textContent = shown.length + ' of ' + sections.length + ' classes, ' + videos +
      ' videos shown' + (words.length && !shown.length ? '; nothing is called that' : '');
    // A few results are opened at once, and closed again with the next search.
    if (words.length && shown.length <= 3) {
      opened = shown.filter((index) => !sections[index].open);
      for (const index of opened) sections[index].open = true;
    }
  }

  let timer = 0;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 80);
  });

  // ---- The heat map ----------------------------------------------------------------------------

  const map = find('map');
  const depth = find('map-depth');
  const order = find('map-order');
  const own = new Map(data.classIds.map((id, index) => [index, id]));
  const options = [['first', data.first]];
  if (data.depth !== data.first) options.push(['depth', data.depth]);
  for (const [value, number] of options) {
    const option = element('option', '', 'among the first ' + number);
    option.value = value;
    depth.append(option);
  }
  const view = { rows: [], columns: [], cell: 1, left: 0, top: 0, row: -1, column: -1 };

  function color(name) {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }

  // Small shares differ more than large ones, to the eye and in what they mean.
  function ramp(low, high) {
    return (share) => low.map((part, i) => part + (high[i] - part) * Math.sqrt(share));
  }

  function paint() {
    const low = color('--cell-low');
    const tone = ramp(low, color('--cell-high'));
    const ownTone = color('--cell-own');
    const table = counts[depth.value];
    const { rows, columns } = view;
    const image = new ImageData(columns.length, rows.length);
    rows.forEach((index, y) => {
      const videos = Math.max(data.videos[index], 1);
      columns.forEach((id, x) => {
        const rgb = own.get(index) === id ? ownTone : tone(table[index][id] / videos);
        image.data.set([...rgb, 255], 4 * (y * columns.length + x));
      });
    });
    view.image = document.createElement('canvas');
    view.image.width = columns.length;
    view.image.height = rows.length;
    view.image.getContext('2d').putImageData(image, 0, 0);
    const legend = find('legend').getContext('2d');
    for (let x = 0; x < 120; x += 1) {
      legend.fillStyle = 'rgb(' + tone(x / 119).map(Math.round).join(',') + ')';
      legend.fillRect(x, 0, 1, 12);
    }
    draw();
  }

  function layOut() {
    const alike = order.value === 'alike';
    view.rows = alike ? data.classOrder : data.classIds.map((id, index) => index);
    view.columns = alike ? data.labelOrder : data.labels.map((label, id) => id);
    const width = find('map-frame').clientWidth || 900;
    const context = map.getContext('2d');
    context.font = '12px system-ui, sans-serif';
    // Whole pixels, or the edges of all cells are blurred.
    const longest = Math.ceil(Math.min(220, Math.max(...data.labels.map(
      (label) => context.measureText(label).width)) + 8));
    const fit = Math.floor((width - longest) / view.columns.length);
    // Names stand beside the map where a row is as high as a line of text.
    const named = fit >= 13;
    view.left = named ? longest : 0;
    view.top = named ? longest : 0;
    view.cell = Math.min(24, Math.max(2, named ? fit : Math.floor(width / view.columns.length)));
    map.width = view.left + view.cell * view.columns.length;
    map.height = view.top + view.cell * view.rows.length;
    paint();
  }

  function draw() {
    const context = map.getContext('2d');
    const style = getComputedStyle(document.documentElement);
    const { cell, left, top, rows, columns } = view;
    context.clearRect(0, 0, map.width, map.height);
    context.imageSmoothingEnabled = false;
    context.drawImage(view.image, left, top, cell * columns.length, cell * rows.length);
    if (left) {
      context.font = '12px system-ui, sans-serif';
      context.fillStyle = style.getPropertyValue('--ink').trim();
      context.textBaseline = 'middle';
      context.textAlign = 'right';
      rows.forEach((index, y) => {
        context.fillText(nameOf(index), left - 6, top + (y + 0.5) * cell, left - 8);
      });
      context.textAlign = 'left';
      columns.forEach((id, x) => {
        context.save();
        context.translate(left + (x + 0.5) * cell, top - 6);
        context.rotate(-Math.PI / 2);
        context.fillText(data.labels[id], 0, 0, top - 8);
        context.restore();
      });
    }
    if (view.row >= 0) {
      context.strokeStyle = style.getPropertyValue('--mark').trim();
      context.lineWidth = 2;
      const size = Math.max(cell, 6);
      context.strokeRect(left + view.column * cell + (cell - size) / 2,
        top + view.row * cell + (cell - size) / 2, size, size);
    }
  }

  function choose(row, column) {
    view.row = Math.min(Math.max(row, 0), view.rows.length - 1);
    view.column = Math.min(Math.max(column, 0), view.columns.length - 1);
    const index = view.rows[view.row];
    const id = view.columns[view.column];
    const number = depth.value === 'first' ? data.first : data.depth;
    const table = counts[depth.value];
    const say = (of, label) => table[of][label] + ' of ' + data.videos[of] + ' videos (' +
      percent(table[of][label] / Math.max(data.videos[of], 1)) + ')';
    let text = nameOf(index) + ' \u2192 ' + data.labels[id];
    if (own.get(index) === id) {
      text += ': a class is never its own negative';
    } else {
      text += ': among the first ' + number + ' of ' + say(index, id);
      if (classOf.has(id)) text += ', back ' + say(classOf.get(id), data.classIds[index]);
    }
    find('map-text').textContent = text;
    draw();
  }

  function cellAt(event) {
    const box = map.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - view.left) / view.cell);
    const row = Math.floor((event.clientY - box.top - view.top) / view.cell);
    const inside = row >= 0 && row < view.rows.length &&
      column >= 0 && column < view.columns.length;
    return inside ? [row, column] : null;
  }

  map.addEventListener('mousemove', (event) => {
    const cell = cellAt(event);
    if (cell && (cell[0] !== view.row || cell[1] !== view.column)) choose(...cell);
  });
  map.addEventListener('click', (event) => {
    const cell = cellAt(event);
    if (cell) {
      choose(...cell);
      // A finger cannot point without clicking: there, a touch only reads the cell.
      if (event.pointerType !== 'touch') openClass(view.rows[cell[0]]);
    }
  });
  map.addEventListener('focus', () => { if (view.row < 0) choose(0, 0); });
  map.addEventListener('keydown', (event) => {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (event.key in moves) {
      const [down, right] = moves[event.key];
      choose(view.row + down, view.column + right);
      event.preventDefault();
    } else if (event.key === 'Enter') {
      openClass(view.rows[view.row]);
      event.preventDefault();
    }
  });
  depth.addEventListener('change', () => { paint(); if (view.row >= 0) choose(view.row, view.column); });
  order.addEventListener('change', () => { view.row = -1; layOut(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  let resizing = 0;
  addEventListener('resize', () => {
    clearTimeout(resizing);
    resizing = setTimeout(layOut, 150);
  });

  layOut();
  filter();
  document.documentElement.dataset.ready = 'yes';
})();
