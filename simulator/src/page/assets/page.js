// The page: puts together what the other files draw, and begins to watch.

import { chat } from "./chat.js";
import { t } from "./i18n.js";
import { start } from "./layout.js";
import { sidebar } from "./sidebar.js";
import { on, saved, store, watch } from "./store.js";
import { drawer } from "./wire.js";

const name = () => (document.title = t("title"));

store.me = saved("me") ?? "";
on("language", name);
name();
start(sidebar(), chat(), drawer());
watch();
