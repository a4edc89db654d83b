export { loadViewerAssets, viewerContentSecurityPolicy } from './assets.ts';
export type { ViewerAsset } from './assets.ts';
export type {
  ImageType,
  PageChanges,
  PageDisk,
  PageEvent,
  PageEventType,
  PageFile,
  PageImage,
  PageImages,
  PageSnapshot,
  RefusalReason,
  RefusedImage,
} from './protocol.ts';
