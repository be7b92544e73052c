/* Reads a code in a picture, where the browser itself cannot (no BarcodeDetector: Safari, Firefox). A worker,
   because compiled code needs leave of the content policy: so only this file has it, and no page. */

import { prepareZXingModule, readBarcodes } from "../vendor/zxing-wasm-3.1.3/es/reader/index.js";

const compiled = new URL("../vendor/zxing-wasm-3.1.3/reader/zxing_reader.wasm", import.meta.url).href;
const FORMATS = ["DataMatrix", "QRCode", "Code128"];

prepareZXingModule({ overrides: { locateFile: () => compiled } });

self.addEventListener("message", async ({ data }) => {
  const [found] = await readBarcodes(data, { formats: FORMATS, maxNumberOfSymbols: 1, textMode: "Plain" }).catch(() => []);
  self.postMessage(found?.isValid ? found.text : "");
});
