// qr.mjs reads QR codes with jsQR. A code is a square bitmap: an array with a string for each row, in which 1 is black
// and 0 is white.
import { given, load } from './lib.mjs';

const { default: jsQR } = load('jsqr');
const scale = 4, quiet = 4;

const texts = given.codes.map((rows) => {
  const side = (rows.length + 2 * quiet) * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (let y = 0; y < rows.length * scale; y++) {
    for (let x = 0; x < rows.length * scale; x++) {
      if (rows[Math.floor(y / scale)][Math.floor(x / scale)] !== '1') continue;
      const at = ((y + quiet * scale) * side + x + quiet * scale) * 4;
      pixels.fill(0, at, at + 3);
    }
  }
  const code = jsQR(pixels, side, side, { inversionAttempts: 'dontInvert' });
  return code && { version: code.version, bytes: Buffer.from(code.binaryData).toString('base64') };
});
process.stdout.write(JSON.stringify(texts));
