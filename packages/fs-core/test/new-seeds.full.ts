// The random tests with seeds that were never tried. Each name tells its seed.
process.env['RAM_RANDOM_SEED'] = 'new';
process.env['RAM_RANDOM_ROUNDS'] = '20';
await import('./random.test.ts');
await import('./random-full.test.ts');
await import('./random-views.test.ts');
