/**
 * The layout of a record ring in memory, as native/include/ram/ring_layout.h draws and explains
 * it; a test holds these numbers to that header. `…At` are byte offsets in the control area.
 */
export const magic = 0x474e4952;
export const version = 1;
export const kindSpsc = 1;
export const kindMpsc = 2;
export const dataOffset = 16_384;
export const capacityMin = 4096;
export const capacityMax = 2 ** 30;

/** Bytes of a record's header, and what records and positions are multiples of. */
export const unit = 16;
export const unitShift = 4;

/** The first word of a record: two bits of state, and the length. */
export const lengthMask = 2 ** 30 - 1;
export const reserved = 0;
export const committed = 0x4000_0000;
/** As the signed number that an Int32Array holds. */
export const aborted = 0x8000_0000 | 0;

/** Bits of the state word. */
export const ended = 1;
export const consumerClosed = 2;
export const failed = 4;
export const endSeen = 8;

export const slots = 1024;
export const slotBits = 10;
export const messageBytes = 240;

export const kindAt = 8;
export const capacityAt = 12;
export const tailAt = 128;
export const lockAt = 132;
export const lockWaitersAt = 136;
export const headAt = 256;
export const dataWaitingAt = 384;
export const spaceWaitingAt = 512;
export const stateAt = 640;
export const errorAt = 644;
export const messageLengthAt = 648;
export const lostAt = 652;
export const messageAt = 656;
export const membersAt = 4096;
