//! The chat page in a real browser: at the width of a desktop and of a phone.
//!
//! What is seen is kept as pictures in `target/tmp/screenshots`.

mod browser;
mod flood;
mod robot;

use browser::{BOTH, DESKTOP, PHONE, Page, on};
use fantoccini::key::Key;
use serde_json::json;

const OPS: &str = "group/ops";
const ALICE: &str = "private/alice";

#[tokio::test]
async fn every_kind_of_message_is_drawn() {
    on(&BOTH, async |page| {
        page.open(OPS).await;
        page.until("document.querySelector('.welcome')").await;
        page.screenshot("welcome").await;
        for kind in ["at", "vertical", "horizontal", "single", "link", "feed"] {
            page.say(kind, 2).await;
            page.screenshot(kind).await;
        }
        let text = page.text(".message:not(.mine) .text").await;
        assert!(text.starts_with("@爱丽丝 构建 #218"), "{text}");
        assert!(
            page.is("document.querySelector('.message:not(.mine) .mention').textContent === '@爱丽丝'").await
        );
        assert_eq!(page.count(".card-buttons.horizontal .card-button").await, 2);
        assert_eq!(page.count(".card-buttons:not(.horizontal) .card-button").await, 4);
        assert_eq!(page.count(".link-card[href='https://example.com/218'][target=_blank]").await, 1);
        assert_eq!(page.count(".feed-first").await, 1);
        assert_eq!(page.count(".feed-row").await, 2);
        // The list shows what DingTalk's list shows.
        if page.screen == PHONE {
            page.click(".chat-head .back").await;
        }
        let preview = page.text(&format!("[data-place='{OPS}'] .preview")).await;
        assert_eq!(preview, "dingops：[卡片] 本周发布：web 1.8.0");
        page.screenshot("list").await;
    })
    .await;
}

#[tokio::test]
async fn markdown_shows_what_a_phone_shows() {
    on(&BOTH, async |page| {
        page.open(ALICE).await;
        page.say("all", 2).await;
        for rendered in
            ["h1", "h4", "strong", "em", "a.link", "ul > li > ol", "blockquote", "font[color='#D4380D']"]
        {
            assert_eq!(page.count(&format!(".markdown {rendered}")).await, 1, "{rendered}");
        }
        for source in ["code", "code-block", "table", "rule", "strikethrough", "task-list", "html"] {
            let marked = format!(".unrendered[data-unrendered={source}] > .badge[aria-label]");
            assert_eq!(page.count(&marked).await, 1, "{source}");
        }
        let code = page.text(".unrendered[data-unrendered=code-block]").await;
        assert!(code.contains("fn main() {\n    println!(\"<b>\");\n}"), "{code}");
        let text = page.text(".markdown").await;
        assert!(text.contains("@爱丽丝") && text.contains("*星号*"), "{text}");
        assert_eq!(page.count(".markdown .mention").await, 0, "not highlighted");
        page.until("document.querySelector('.markdown .picture.missing')").await;
        page.screenshot("markdown-end").await;
        page.evaluate("document.querySelector('.markdown').scrollIntoView()").await;
        page.screenshot("markdown").await;
    })
    .await;
}

#[tokio::test]
async fn a_button_speaks_for_whoever_presses_it() {
    on(&BOTH, async |page| {
        page.open(ALICE).await;
        page.say("horizontal", 2).await;
        page.click(".card-button").await;
        page.until("document.querySelectorAll('.message').length === 4").await;
        assert_eq!(page.heard(), ["horizontal", "确认 7f3a"]);
        assert_eq!(page.text(".message:not(.mine) .text").await, "收到：确认 7f3a");

        // In a group nobody could confirm that it mentions the robot.
        page.open(OPS).await;
        page.say("vertical", 2).await;
        let press = "document.querySelector('.card-button').click()";
        page.evaluate(press).await;
        page.until("document.querySelectorAll('.message').length === 3").await;
        page.until("document.querySelector('.message:last-child .delivery').textContent.includes('按钮')")
            .await;
        page.screenshot("pressed").await;
        assert_eq!(page.heard().len(), 3, "the robot does not hear it");
        switch(page, "buttonsMentionRobot").await;
        page.evaluate(press).await;
        page.until("document.querySelectorAll('.message').length === 5").await;
        assert_eq!(page.heard().last().map(String::as_str), Some("确认 7f3a"));
    })
    .await;
}

#[tokio::test]
async fn a_quote_stands_above_the_text() {
    on(&BOTH, async |page| {
        page.open(OPS).await;
        page.say("at", 2).await;
        page.evaluate("document.querySelector('.message:not(.mine) .tools button').click()").await;
        page.until("document.querySelector('.quoting:not([hidden])')").await;
        page.say("怎么失败的", 2).await;
        assert!(page.text(".mine .quoted").await.starts_with("dingops：@爱丽丝 构建"));
        assert!(page.is("document.querySelector('.quoting').hidden").await);
        let callback = page.last_callback();
        assert_eq!(callback["text"]["isReplyMsg"], json!(true));
        assert_eq!(callback["text"]["repliedMsg"]["msgType"], json!("text"));
        page.screenshot("quote").await;
    })
    .await;
}

#[tokio::test]
async fn a_fault_is_seen_on_the_wire() {
    on(&BOTH, async |page| {
        page.open(OPS).await;
        page.say("no at", 2).await;
        switch(page, "answer session-expired").await;
        page.until("document.querySelector('.banner').textContent.includes('会话过期')").await;
        page.say("at", 1).await;
        page.until("document.querySelectorAll('.wire-row').length === 4").await;
        drawer(page, "wire").await;
        page.until("document.querySelector('.pill').textContent === '200 · 300001'").await;
        page.click(".exchange:first-child .wire-row").await;
        let notes = page.text(".wire-notes").await;
        assert!(notes.contains("会话过期") && notes.contains("90 分钟"), "{notes}");
        let answer = page.text(".wire-block:last-child pre").await;
        assert!(answer.contains("\"errcode\": 300001"), "{answer}");
        page.screenshot("wire").await;
        assert_eq!(page.count(".message").await, 3, "nothing arrived");
        // An earlier one: the mention that nobody sees.
        page.click(".exchange:nth-child(3) .wire-row").await;
        page.until("document.querySelector('.exchange:nth-child(3) .wire-notes').textContent.includes('@0147000002')").await;
        drawer(page, "faults").await;
        page.screenshot("faults").await;
        page.click("[data-every='messages all']").await;
        page.until("document.querySelectorAll('.quota meter')[1].value === 3000").await;
        page.screenshot("quotas").await;
        page.click("[data-every='messages nothing']").await;
        page.until("document.querySelectorAll('.quota meter')[1].value === 0").await;
        page.evaluate("document.querySelector('.banner button').click()").await;
        page.until("!document.querySelector('.banner')").await;
        close_drawer(page).await;
        page.say("at", 2).await;
    })
    .await;
}

#[tokio::test]
async fn a_hostile_reply_does_nothing() {
    on(&BOTH, async |page| {
        page.open(ALICE).await;
        page.say("hostile", 2).await;
        page.say("hostile card", 2).await;
        page.click(".card-button").await;
        page.evaluate(
            "document.querySelectorAll('.markdown .link, .markdown a').forEach((link) => link.click())",
        )
        .await;
        page.until("document.querySelector('.toast')").await;
        // Whatever would run on a later turn had its chance.
        page.evaluate("new Promise((done) => setTimeout(done, 100))").await;
        assert!(page.is("window.pwned === undefined").await);
        assert!(page.client.get_alert_text().await.is_err(), "no dialog");
        for never in [
            "[href^='javascript:']",
            "[href^='data:']",
            "[src^='javascript:']",
            ".log script",
            ".log style",
            ".log iframe",
            ".log svg[onload]",
            "[onerror]",
            "[onmouseover]",
            ".markdown img",
            ".markdown [style]",
        ] {
            assert_eq!(page.count(never).await, 0, "{never}");
        }
        let text = page.text(".message:nth-of-type(2) .markdown").await;
        assert!(text.contains("<script>window.pwned = 1</script>"), "{text}");
        page.screenshot("hostile").await;
    })
    .await;
}

#[tokio::test]
async fn it_is_english_and_dark_where_somebody_wants_that() {
    on(&BOTH.map(browser::Screen::english), async |page| {
        page.open(OPS).await;
        assert_eq!(page.evaluate("document.documentElement.lang").await, json!("en-GB"));
        page.say("at", 2).await;
        page.say("vertical", 2).await;
        assert!(page.text(".mine .delivery").await.starts_with("Pushed · HTTP 200"));
        if page.screen.name == PHONE.name {
            page.click(".chat-head .back").await;
        }
        assert_eq!(page.evaluate("document.documentElement.dataset.theme").await, json!("light"));
        page.click(".theme").await;
        page.until("document.documentElement.dataset.theme === 'dark'").await;
        let background = "getComputedStyle(document.querySelector('.drawer')).backgroundColor";
        assert_eq!(page.evaluate(background).await, json!("rgb(23, 26, 32)"));
        page.screenshot("dark-list").await;
        page.open(OPS).await;
        page.screenshot("dark").await;
        drawer(page, "faults").await;
        page.screenshot("dark-faults").await;
        // Both are remembered.
        page.goto("").await;
        assert_eq!(page.evaluate("document.documentElement.dataset.theme").await, json!("dark"));
        page.click(".language").await;
        page.until("document.documentElement.lang === 'zh-CN'").await;
        assert_eq!(page.text(".brand h1").await, "钉钉模拟器");
    })
    .await;
}

#[tokio::test]
async fn a_keyboard_is_enough() {
    on(&[DESKTOP], async |page| {
        page.open(OPS).await;
        // An input method takes Enter for itself.
        page.write("bang zhu").await;
        let composing = "document.querySelector('#text').dispatchEvent(
            new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))";
        assert_eq!(page.evaluate(composing).await, json!(true));
        assert_eq!(page.count(".message").await, 0);
        page.press(Key::Enter).await;
        page.until("document.querySelectorAll('.message').length === 2").await;
        page.press(Key::Up).await;
        page.until("document.querySelector('#text').value === 'bang zhu'").await;

        // Somebody is mentioned from a list.
        page.write(" @bo").await;
        page.until("document.querySelector('.picker:not([hidden]) [aria-selected=true]')").await;
        page.screenshot("picker").await;
        page.press(Key::Enter).await;
        page.until("document.querySelector('#text').value === 'bang zhu @Bob '").await;
        page.press(Key::Enter).await;
        page.until("document.querySelectorAll('.message').length === 4").await;
        assert_eq!(page.last_callback()["atUsers"][1]["staffId"], json!("0147000003"));

        // What does not mention the robot is not pushed, and the page says so.
        page.click(".chip").await;
        page.until("document.querySelector('.composer-hint.deaf')").await;
        page.say("自言自语", 1).await;
        assert_eq!(page.text(".mine .delivery").await, "没有 @ 机器人，不会推送给它");
        assert_eq!(page.heard().len(), 2);
        page.write("@dingops2").await;
        assert_eq!(page.count(".composer-hint.deaf").await, 1, "somebody else");
        page.press(Key::Backspace).await;
        page.until("!document.querySelector('.composer-hint.deaf')").await;
        page.press(Key::Escape).await;
        // By a name as well as by a nick.
        page.write(" @nobo").await;
        page.until("document.querySelector('.picker [aria-selected=true]')").await;
        page.press(Key::Enter).await;
        page.until("document.querySelector('#text').value === '@dingops @无名 '").await;
        page.press(Key::Enter).await;
        page.until("document.querySelectorAll('.message').length === 7").await;
        assert_eq!(page.heard().len(), 3);

        // The list by its arrows, and somebody else.
        page.evaluate("document.querySelector('.conversation').focus()").await;
        let down = "document.activeElement.dispatchEvent(
            new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true, cancelable: true }))";
        page.evaluate(down).await;
        assert!(page.is("document.activeElement.dataset.place === 'group/ops'").await);
        page.click(".me").await;
        page.screenshot("people").await;
        page.click("[data-name=carol]").await;
        page.open("private/carol").await;
        page.say("ping", 2).await;
        assert_eq!(page.last_callback().get("senderStaffId"), None);
        page.click(".more").await;
        page.screenshot("kinds").await;
        page.click(".kinds [data-kind=audio]").await;
        page.until("document.querySelectorAll('.message').length === 4").await;
        assert_eq!(page.last_callback()["msgtype"], json!("audio"));
        page.screenshot("audio").await;
    })
    .await;
}

#[tokio::test]
async fn a_sheet_closes_with_escape() {
    on(&[PHONE], async |page| {
        page.open(OPS).await;
        page.click(".drawer-toggle").await;
        page.until("document.querySelector('.app').dataset.drawer === 'open'").await;
        assert!(page.is("document.querySelector('.chat').inert").await);
        page.until("document.activeElement.id === 'tab-wire'").await;
        page.find("#tab-wire").await.send_keys(&char::from(Key::Escape).to_string()).await.expect("a key");
        page.until("document.querySelector('.app').dataset.drawer === 'closed'").await;
        assert!(page.is("document.activeElement.classList.contains('drawer-toggle')").await);
        // The browser's own way back leads to the list.
        page.client.back().await.expect("a step back");
        page.until("document.querySelector('.app').dataset.view === 'list'").await;
    })
    .await;
}

/// Opens the drawer at one of its tabs.
async fn drawer(page: &Page, tab: &str) {
    if page.is("document.querySelector('.app').dataset.drawer !== 'open'").await {
        page.click(".drawer-toggle").await;
        page.settle().await;
    }
    page.click(&format!("#tab-{tab}")).await;
}

/// Sees the chat again, where the drawer covers it.
async fn close_drawer(page: &Page) {
    if page.screen == PHONE {
        page.click(".drawer-close").await;
        page.until("document.querySelector('.app').dataset.drawer === 'closed'").await;
        page.settle().await;
    }
}

/// Switches something in the drawer.
async fn switch(page: &Page, name: &str) {
    drawer(page, "faults").await;
    page.click(&format!("[data-every='{name}']")).await;
    page.until(&format!("document.querySelector(\"[data-every='{name}']\").ariaChecked === 'true'")).await;
    close_drawer(page).await;
}
