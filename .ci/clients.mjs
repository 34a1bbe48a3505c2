// Points a published JavaScript client at the simulator, as clients.py does with Python's.
//
//     node clients.mjs PACKAGES WEBHOOK SECRET
//
// PACKAGES is where npm installed dingtalk-robot-sender.
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, webhook, secret] = process.argv.slice(2);
const ChatBot = createRequire(join(packages, "package.json"))("dingtalk-robot-sender");

async function expect(what, sent, errcode) {
  const came = (await sent).data.errcode;
  if (came !== errcode) {
    console.error(`${what}: expected ${errcode}, came ${came}`);
    process.exit(1);
  }
  console.log(`ok  ${what}`);
}

const bot = new ChatBot({ webhook, secret });
const page = "https://example.com/";
const button = { title: "看", actionURL: page };
const card = { title: "构建", text: "完成" };
const messages = {
  text: bot.text("构建完成 @13800000002", { atMobiles: ["13800000002"], isAtAll: false }),
  markdown: bot.markdown("构建", "#### 构建\n> 完成"),
  link: bot.link({ title: "构建", text: "完成", messageUrl: page, picUrl: "" }),
  "card without its single button": bot.actionCard({ ...card, singleTitle: "看", singleURL: page }),
  "card with buttons": bot.actionCard({ ...card, btns: [button, button] }),
  feed: bot.feedCard([{ title: "构建", messageURL: page, picURL: `${page}a.png` }]),
};
for (const [what, sent] of Object.entries(messages)) {
  await expect(`dingtalk-robot-sender: ${what}`, sent, 0);
}
const wrong = new ChatBot({ webhook, secret: "SECanother" });
await expect("dingtalk-robot-sender: wrong secret", wrong.text("x"), 310000);
