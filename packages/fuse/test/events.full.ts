// A hundred thousand files.
import { program } from './support.ts';
import { expectManyEvents } from './many-events.ts';

program('python3').it('a hundred thousand files are told of, each with all that happened', () =>
  expectManyEvents(100_000, 1_500_000),
);
