// The random tests with seeds that were never tried. Each name tells its seed.
process.env['RAM_RANDOM_SEED'] = 'new';
process.env['RAM_RANDOM_ROUNDS'] = '20';
await import('./model.test.ts');
