// The page of one bed: bed.html?bed=ID. The only module of it with side effects at load.

import { BedPage } from "./js/bed/page.js";

new BedPage(new URLSearchParams(location.search).get("bed") ?? "").start();
