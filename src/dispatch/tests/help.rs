//! What help says of arguments.

use super::{ROWS, values::Take};
use crate::{
    dispatch::{Row, row},
    testing::{Chat, Setup, alice},
};

static TAKE: &[Row] = &[row::<crate::commands::Help>(), row::<Take>()];

const SETTINGS: &str = "
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[[defaults]]
in = ['ops']
env = 'prod'
";

async fn chat(toml: &str) -> Chat {
    Chat::set_up(Setup { toml, rows: Some(TAKE), ..Setup::default() }).await
}

#[tokio::test]
async fn forms_bounds_choices_and_defaults_are_told() {
    let mut zh = chat(SETTINGS).await;
    zh.say(alice(), "help take").await;
    let here = zh.read();
    insta::assert_snapshot!(here, @"
    #### take

    Take one of everything

    用法：take &lt;service&gt; &#91;count&#93; &#91;note…&#93; &#91;--for &lt;for&gt;&#93; &#91;--at &lt;at&gt;&#93; &#91;--to &lt;to&gt;&#93; &#91;--in &lt;in&gt;&#93; &#91;--env &lt;env&gt;&#93; &#91;--letter &lt;letter&gt;&#93; &#91;--param &lt;param&gt;…&#93; &#91;-l &lt;label&gt;…&#93; &#91;--loud&#93;

    - **service**：What
    - **count**：How many（1 到 100 的整数；默认 1）
    - **note**：Anything else
    - **&#45;-for**：For how long（时长，如 90s、15m、2h；1m 到 7d）
    - **&#45;-at**：When（时间，如 15:04、2026-01-02T15:04）
    - **&#45;-to**：For whom
    - **&#45;-in**：Where it is told
    - **&#45;-env**：Which environment（可选 prod（生产）、staging（预发）；这里默认 prod）
    - **&#45;-letter**：Which letter（可选 alpha、beta、gamma、delta、epsilon、zeta、theta、iota、kappa）
    - **&#45;-param**：With which parameters（KEY=VALUE，如 ENV=prod）
    - **&#45;l**：Under which labels
    - **&#45;-loud**：Louder

    > 也可以说：拿

    @0147000002
    ");
    zh.say_privately(alice(), "help take").await;
    let elsewhere = zh.read();
    assert!(here.contains("这里默认 prod") && !elsewhere.contains("默认 prod"), "{elsewhere}");
    let mut en = chat(&format!("locale = 'en'\n{SETTINGS}")).await;
    en.say(alice(), "help take").await;
    insta::assert_snapshot!(en.read(), @"
    #### take

    Take one of everything

    Usage: take &lt;service&gt; &#91;count&#93; &#91;note…&#93; &#91;--for &lt;for&gt;&#93; &#91;--at &lt;at&gt;&#93; &#91;--to &lt;to&gt;&#93; &#91;--in &lt;in&gt;&#93; &#91;--env &lt;env&gt;&#93; &#91;--letter &lt;letter&gt;&#93; &#91;--param &lt;param&gt;…&#93; &#91;-l &lt;label&gt;…&#93; &#91;--loud&#93;

    - **service**: What
    - **count**: How many (a whole number from 1 to 100; 1 if left out)
    - **note**: Anything else
    - **&#45;-for**: For how long (a duration such as 90s, 15m or 2h; 1m to 7d)
    - **&#45;-at**: When (a time such as 15:04 or 2026-01-02T15:04)
    - **&#45;-to**: For whom
    - **&#45;-in**: Where it is told
    - **&#45;-env**: Which environment (one of prod (生产), staging (预发); prod here if left out)
    - **&#45;-letter**: Which letter (one of alpha, beta, gamma, delta, epsilon, zeta, theta, iota, kappa)
    - **&#45;-param**: With which parameters (KEY=VALUE, such as ENV=prod)
    - **&#45;l**: Under which labels
    - **&#45;-loud**: Louder

    > Also: 拿

    @0147000002
    ");
}

#[tokio::test]
async fn a_long_option_behind_one_dash_is_told() {
    let mut chat = Chat::with_rows(ROWS).await;
    for (line, told) in [
        ("echo web -times 3", "没有「-times」这个选项，你要写的是不是：--times"),
        ("echo web -lout=3", "没有「-lout」这个选项，你要写的是不是：--loud"),
        ("echo web -x3", "没有「-x」这个选项。"),
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains(told), "{line}: {reply}");
    }
}

#[tokio::test]
async fn nothing_in_it_is_hidden() {
    let mut chat = Chat::start().await;
    for row in crate::commands::every_row() {
        chat.say(alice(), format!("help {}", row.path)).await;
        let usage = chat.read();
        assert!(!usage.contains('\u{200B}'), "{usage}");
    }
}
