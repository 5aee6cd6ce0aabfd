import { readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { badData } from "../fault.ts";
import { fromDisk, readWholeFile } from "../files/wholeFile.ts";
import { decodeJpeg, isJpeg } from "./jpeg.ts";
import type { Picture, Pictures } from "./pictures.ts";
import { decodePng, isPng } from "./png.ts";
import type { Raster } from "./raster.ts";

const MAX_FILE_BYTES = 2 ** 26;
const MAX_PICTURES = 1_000_000;
const EXTENSIONS = [".png", ".jpg", ".jpeg"];

/**
 * A folder with a sub-folder for each class, named as the class is, and PNG and JPEG files in them. Hidden files are passed over. Folders
 * and files are taken in the order of their names' code units, which is the same on every machine.
 * @throws PacelineError `not-found`; `bad-input` where anything else lies in the folder, or naming the file that is no picture
 */
export function openImageFolder(folder: string): Pictures {
  const classNames = listed(folder);
  const files = classNames.flatMap((name) => listClass(folder, name).map((file) => ({ file, label: name })));
  if (files.length === 0)
    throw badData({ file: folder }, "there are no pictures in its sub-folders, one for each class");
  if (files.length > MAX_PICTURES)
    throw badData({ file: folder }, `${files.length} pictures are too many; at most ${MAX_PICTURES}`);
  return {
    source: folder,
    count: files.length,
    classNames,
    *[Symbol.iterator](): Generator<Picture> {
      for (const { file, label } of files) yield { label, raster: decodePicture(file), place: { file } };
    },
  };
}

/** @throws PacelineError `bad-input` naming the file */
export function decodePicture(file: string): Raster {
  const bytes = readWholeFile(file, MAX_FILE_BYTES);
  if (isPng(bytes)) return decodePng(bytes, file);
  if (isJpeg(bytes)) return decodeJpeg(bytes, file);
  throw badData({ file }, "neither a PNG nor a JPEG picture");
}

function listClass(folder: string, name: string): readonly string[] {
  const path = join(folder, name);
  if (!isFolder(path))
    throw badData({ file: path }, "a file beside the classes; pictures lie in sub-folders, one for each class");
  return listed(path).map((file) => {
    if (EXTENSIONS.includes(extname(file).toLowerCase())) return join(path, file);
    throw badData({ file: join(path, file) }, `only ${EXTENSIONS.join(", ")} files may lie in a class's folder`);
  });
}

function listed(folder: string): readonly string[] {
  if (!isFolder(folder)) throw badData({ file: folder }, "it is not a folder");
  return fromDisk(folder, () => readdirSync(folder))
    .filter((name) => !name.startsWith("."))
    .sort();
}

function isFolder(path: string): boolean {
  return fromDisk(path, () => statSync(path)).isDirectory();
}
