import { Connection } from './connection.ts';
import type { ConnectionState } from './connection.ts';
import { byId, setText } from './elements.ts';
import { EventList } from './event-list.ts';
import { FileTable } from './file-table.ts';
import { formatBytes, formatCount, visible } from './format.ts';
import { ImageStage } from './image-stage.ts';
import { PageModel } from './page-model.ts';

const stateTexts: Record<ConnectionState, string> = {
  connecting: 'connecting …',
  live: 'live',
  reconnecting: 'reconnecting …',
  ended: 'unmounted: its files are gone',
  refused: 'no access any more: run ram page',
};

const model = new PageModel();
const stage = new ImageStage();
const eventList = new EventList();
const fileTable = new FileTable(() => fileTable.render(model));
const state = byId('state', HTMLParagraphElement);
const pause = byId('pause', HTMLButtonElement);
let isPaused = false;
let isScheduled = false;

const connection = new Connection({
  snapshot: (snapshot) => {
    model.takeSnapshot(snapshot);
    schedule();
  },
  changes: (changes) => {
    model.takeChanges(changes);
    schedule();
  },
  images: (images) => {
    model.images = images;
    schedule();
  },
  state: (now) => {
    state.dataset.state = now;
    setText(state, stateTexts[now]);
  },
});

pause.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.setAttribute('aria-pressed', String(isPaused));
  setText(pause, isPaused ? 'Go on' : 'Pause');
  document.body.classList.toggle('paused', isPaused);
  schedule();
});

byId('leave', HTMLButtonElement).addEventListener('click', () => void leave());

/** Once for each frame of the screen, however much comes. */
function schedule(): void {
  if (isScheduled || isPaused) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    if (!isPaused) render();
  });
}

function render(): void {
  renderDisk();
  stage.render(model.images, model.disk);
  fileTable.render(model);
  eventList.render(model);
}

function renderDisk(): void {
  const { disk } = model;
  if (disk === undefined) return;
  const { name, directory, usedBytes, maxBytes, entries } = disk;
  document.title = `${visible(name)} · ram`;
  setText(byId('disk-name', HTMLHeadingElement), visible(name));
  setText(byId('disk-directory', HTMLParagraphElement), visible(directory));
  byId('disk-meter', HTMLMeterElement).value = usedBytes / maxBytes;
  const used = `${formatBytes(usedBytes)} of ${formatBytes(maxBytes)}`;
  setText(byId('disk-usage', HTMLParagraphElement), `${used} · ${formatCount(entries, 'item')}`);
}

async function leave(): Promise<void> {
  connection.close('refused');
  await fetch('/leave', { method: 'POST' });
  location.reload();
}
