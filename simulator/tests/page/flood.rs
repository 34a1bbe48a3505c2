//! What would keep the page, or the simulator behind it, from answering: and what somebody sends besides texts.

use serde_json::json;
use simulator::Place;

use super::{ALICE, OPS};
use crate::browser::{BOTH, DESKTOP, on};

#[tokio::test]
async fn pictures_of_the_simulator_itself_are_not_loaded() {
    on(&[DESKTOP], async |page| {
        page.open(ALICE).await;
        page.say("own pictures", 2).await;
        page.until("document.querySelectorAll('.markdown .picture.missing').length === 8").await;
        assert_eq!(page.count(".log img[src*='/page/events']").await, 0);
        // Should one get through all the same, it is refused, and the connections are free.
        let refused = "Promise.all(Array.from({ length: 8 }, (_, index) => new Promise((done) => {
            const image = new Image();
            image.onerror = () => done(true);
            image.src = `/page/events?${index}`;
        }))).then((all) => all.length)";
        assert_eq!(page.evaluate(refused).await, json!(8));
        assert_eq!(page.evaluate("fetch('/page/state').then((answer) => answer.status)").await, json!(200));
        assert_eq!(page.evaluate("fetch('/favicon.ico').then((answer) => answer.status)").await, json!(200));
        assert_eq!(page.simulator.calls(), [""; 0], "nothing of it was a robot's call");
    })
    .await;
}

#[tokio::test]
async fn a_deep_reply_is_shown_as_its_source() {
    on(&[DESKTOP], async |page| {
        page.open(ALICE).await;
        page.say("nested", 2).await;
        assert_eq!(page.count(".markdown blockquote").await, 32);
        page.say("ping", 2).await;
    })
    .await;
}

#[tokio::test]
async fn a_flood_leaves_the_page_awake() {
    on(&[DESKTOP], async |page| {
        page.open(OPS).await;
        page.say("at", 2).await;
        let (alice, ops) = (page.simulator.person("alice").expect("Alice"), Place::group("ops"));
        page.evaluate("void (window.untouched = document.querySelector('[data-place=\"group/dev\"]'))").await;
        for index in 0..2500 {
            page.simulator.callback(&alice, &ops, format!("{index}")).expect("it is said");
            // The page hears of some, and asks for the rest.
            if index % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let last = "[...document.querySelectorAll('.message')].at(-1).textContent.includes('2499')";
        page.until(last).await;
        let drawn = page.count(".message").await;
        assert!((200..=500).contains(&drawn), "{drawn}");

        // A little at a time: what is old goes, and what is not concerned stays as it is.
        page.evaluate("void (window.untouched = document.querySelector('[data-place=\"group/dev\"]'))").await;
        for index in 0..600 {
            page.simulator.callback(&alice, &ops, format!("again {index}")).expect("it is said");
            if index % 20 == 19 {
                page.until(&format!("document.querySelector('.log').textContent.includes('again {index}')"))
                    .await;
            }
        }
        assert_eq!(page.count(".message").await, 500);
        assert!(page.is("untouched.isConnected").await, "the other conversation was not drawn again");
        assert!(page.count(".when").await < 10);
        let preview = page.text(&format!("[data-place='{OPS}'] .preview")).await;
        assert!(preview.ends_with("again 599"), "{preview}");
        page.screenshot("flood").await;
    })
    .await;
}

#[tokio::test]
async fn everything_that_somebody_can_send_is_offered() {
    on(&BOTH, async |page| {
        page.open(OPS).await;
        for (kind, msgtype) in [
            ("picture", "picture"),
            ("richText", "richText"),
            ("chatRecord", "chatRecord"),
            ("unknown", "unknownMsgType"),
        ] {
            let before = page.count(".message").await;
            page.click(".more").await;
            page.click(&format!(".kinds [data-kind={kind}]")).await;
            page.until(&format!("document.querySelectorAll('.message').length === {}", before + 2)).await;
            assert_eq!(page.last_callback()["msgtype"], json!(msgtype));
            assert_eq!(page.text(".mine .mention").await, "@dingops", "{kind}");
        }
        let record = page.text(".mine .is-chatRecord").await;
        assert!(record.contains("运维群的聊天记录") && record.contains("Bob：好了"), "{record}");
        page.screenshot("sent").await;
        page.click(".more").await;
        page.screenshot("kinds-group").await;
    })
    .await;
}
