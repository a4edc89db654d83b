export { errnoName, errnoNumber, errnoText } from './errno-names.ts';
export { invalidArgument, invalidValue, outOfRange, unknownOption } from './argument-error.ts';
export { ramError } from './ram-error.ts';
export type { CodedError } from './coded-error.ts';
export type { RamErrorCode, RamErrorOptions } from './ram-error.ts';
export { systemError } from './system-error.ts';
export type { PathArgument, SystemError } from './system-error.ts';
