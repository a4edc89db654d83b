import shared from '../../tsdown.shared.ts';

export default { ...shared, entry: ['src/main.ts'], dts: false };
