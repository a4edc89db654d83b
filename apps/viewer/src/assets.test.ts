import { describe, expect, it } from 'vitest';
import { loadViewerAssets, viewerContentSecurityPolicy } from './assets.ts';

describe('the files of the page', () => {
  const assets = new Map(loadViewerAssets().map(({ path, body }) => [path, body.toString()]));

  it('refer to each other and to nothing else', () => {
    const html = assets.get('/') ?? '';
    const references = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, url]) => url);
    expect(references.length).toBeGreaterThan(2);
    for (const url of references) expect(assets.has(url ?? '')).toBe(true);
    for (const text of assets.values()) {
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\("?\//);
    }
  });

  it('hold no inline code', () => {
    expect(assets.get('/')).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/);
    expect(viewerContentSecurityPolicy).not.toMatch(/unsafe/);
  });

  it('are one small script without imports, in which no text becomes markup', () => {
    const script = assets.get('/page.js') ?? '';
    expect(script.length).toBeLessThan(20_000);
    expect(script).not.toMatch(/\bimport\b|innerHTML|insertAdjacentHTML|document\.write|\beval\b/);
  });
});
