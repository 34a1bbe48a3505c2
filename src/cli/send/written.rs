//! From the arguments of `dingops send`, and the files they name, to a message.

use std::{
    collections::BTreeSet,
    io::Read,
    path::{Path, PathBuf},
};

use super::{Send, staff_id, usage};
use crate::{
    cli::CliError,
    config::Settings,
    dingtalk::{
        deliver::Way,
        draft::Draft,
        markdown::plain_title,
        message::{At, Body, Button, Buttons, FeedLink, FeedLinks, Message, Shown, Target},
    },
    reply::Link,
    text,
};

/// A message is a fraction of that; more is no message but a mistake.
const MAX_FILE: u64 = 16 * 1024 * 1024;
const STDIN: &str = "-";

/// The message that these arguments describe.
pub(super) fn draft(send: &Send, settings: &Settings, way: Way) -> Result<Draft, CliError> {
    let at = at(send, settings, way)?;
    let body = match (&send.markdown, &send.card, &send.link) {
        (Some(file), ..) => {
            let text = shown("--markdown", read(file)?)?;
            Body::Markdown { title: title(send.title.as_deref(), &text)?, text }
        }
        (_, Some(file), _) => {
            let text = shown("--card", read(file)?)?;
            Body::ActionCard { title: title(send.title.as_deref(), &text)?, text, buttons: buttons(send)? }
        }
        (.., Some(url)) => {
            let picture = send.picture.as_deref().map(|picture| web_address("--picture", picture));
            let text = plain(send)?;
            Body::Link {
                title: title(send.title.as_deref(), &text)?,
                text,
                url: target("--link", url, is_web_address)?,
                picture: picture.transpose()?.unwrap_or_default(),
            }
        }
        _ if !send.feed.is_empty() => feed(&send.feed)?,
        _ if send.title.is_some() => return Err(usage("--title", "plain text has no title")),
        _ => Body::Text(plain(send)?),
    };
    let attached = |text: &String| {
        let (label, target) = labelled("--attach", text, is_web_address)?;
        Ok(Link { label, url: target.as_str().to_owned() })
    };
    Ok(Draft {
        message: Message { body, at },
        links: send.attach.iter().map(attached).collect::<Result<_, CliError>>()?,
        pictures: send.image.iter().map(|url| web_address("--image", url)).collect::<Result<_, _>>()?,
    })
}

/// `--text`, or standard input.
fn plain(send: &Send) -> Result<Shown, CliError> {
    let text = send.text.clone().unwrap_or_default();
    shown("--text", if text == STDIN { read(&PathBuf::from(STDIN))? } else { text })
}

fn read(file: &Path) -> Result<String, CliError> {
    let stdin = file == Path::new(STDIN);
    let name = if stdin { "standard input".to_owned() } else { file.display().to_string() };
    let mut bytes = Vec::new();
    let read = match stdin {
        true => std::io::stdin().take(MAX_FILE + 1).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|open| open.take(MAX_FILE + 1).read_to_end(&mut bytes)),
    };
    if let Err(error) = read {
        return Err(CliError::Io { what: name, error });
    }
    if bytes.len() as u64 > MAX_FILE {
        return Err(usage(&name, format!("expected at most {} MiB", MAX_FILE >> 20)));
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| usage(&name, "expected UTF-8, came another encoding (GBK?)"))?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned())
}

fn shown(option: &str, text: String) -> Result<Shown, CliError> {
    Shown::new(text.trim_end()).ok_or_else(|| usage(option, "expected a text, came blanks"))
}

/// The title that was given, or the first heading of a text, or its first line.
fn title(given: Option<&str>, text: &Shown) -> Result<Shown, CliError> {
    if let Some(title) = given {
        return shown("--title", title.to_owned()).map(|title| plain_title(title.as_str()));
    }
    let lines = || text.as_str().lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| line.starts_with('#')).or_else(|| lines().next()).unwrap_or_default();
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "#>*+-".contains(c));
    Ok(plain_title(&line.replace(['*', '`'], "")))
}

fn buttons(send: &Send) -> Result<Buttons, CliError> {
    let button = |text: &String| {
        // Any page, or a command to say.
        let (label, target) = labelled("--button", text, |url| Target::new(url).is_some())?;
        Ok(Button { title: plain_title(&label), target })
    };
    let list = send.button.iter().map(button).collect::<Result<Vec<_>, CliError>>()?;
    match (send.horizontal, <[Button; 2]>::try_from(list)) {
        (true, Ok([first, second])) => Ok(Buttons::horizontal(first, second)),
        (true, Err(list)) => Err(usage("--horizontal", format!("expected two buttons, came {}", list.len()))),
        (false, list) => Buttons::vertical(list.map_or_else(|list| list, Vec::from))
            .ok_or_else(|| usage("--card", "expected a --button, came none")),
    }
}

fn feed(links: &[String]) -> Result<Body, CliError> {
    let link = |text: &String| {
        let expected = || {
            usage(
                "--feed",
                format!("expected TITLE=URL PICTURE, two addresses with a blank between, came {text:?}"),
            )
        };
        let (front, picture) = text.trim().rsplit_once(char::is_whitespace).ok_or_else(expected)?;
        let picture = target("--feed", picture, is_web_address).map_err(|_| expected())?;
        let (title, target) = labelled("--feed", front.trim_end(), is_web_address).map_err(|_| expected())?;
        Ok(FeedLink { title: plain_title(&title), target, picture })
    };
    let links = links.iter().map(link).collect::<Result<Vec<_>, CliError>>()?;
    FeedLinks::new(links).map(Body::FeedCard).ok_or_else(|| usage("--feed", "expected a card, came none"))
}

/// Whom it mentions, each once. Where DingTalk would ignore a mention without a word, there is none.
fn at(send: &Send, settings: &Settings, way: Way) -> Result<At, CliError> {
    let options = [
        ("--at", !send.at.is_empty()),
        ("--at-mobile", !send.at_mobile.is_empty()),
        ("--at-all", send.at_all),
    ];
    if let Some((option, _)) = options.iter().find(|(_, is_given)| *is_given) {
        if way == Way::OpenApi {
            return Err(usage(option, "the OpenAPI mentions nobody; a custom robot does: --to robot:NAME"));
        }
        if send.link.is_some() || !send.feed.is_empty() {
            let kind = if send.link.is_some() { "--link" } else { "--feed" };
            let problem =
                format!("DingTalk mentions nobody in {kind}; it does in --text, --markdown and --card");
            return Err(usage(option, problem));
        }
    }
    let people = send.at.iter().map(|person| staff_id("--at", person, settings));
    let people = people.collect::<Result<_, _>>()?;
    let of_a_number = |c: char| c.is_ascii_digit() || c == '-' || c == '+';
    let is_number = |number: &&String| (5..=20).contains(&number.len()) && number.chars().all(of_a_number);
    if let Some(number) = send.at_mobile.iter().find(|number| !is_number(number)) {
        return Err(usage(
            "--at-mobile",
            format!("expected a mobile number such as 13800000000, came {number:?}"),
        ));
    }
    At::new(once(people), once(send.at_mobile.clone()), send.at_all).map_err(|error| usage("--at", error))
}

fn once(mut list: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    list.retain(|each| seen.insert(each.clone()));
    list
}

/// A label and the address behind the first `=` that one follows: a label may have others, and so may an address.
fn labelled(
    option: &str,
    text: &str,
    is_address: impl Fn(&str) -> bool,
) -> Result<(String, Target), CliError> {
    let parts = text.match_indices('=').map(|(at, _)| (text[..at].trim(), text[at + 1..].trim()));
    let found = parts
        .filter(|(label, _)| !label.is_empty())
        .find_map(|(label, url)| Some((label.to_owned(), target(option, url, &is_address).ok()?)));
    found.ok_or_else(|| usage(option, format!("expected LABEL=URL, came {text:?}")))
}

fn target(option: &str, url: &str, is_address: impl Fn(&str) -> bool) -> Result<Target, CliError> {
    let whole = !url.contains(char::is_whitespace) && is_address(url);
    let target = Target::new(url).filter(|_| whole);
    target.ok_or_else(|| usage(option, format!("expected an http(s) address, came {url:?}")))
}

fn web_address(option: &str, url: &str) -> Result<String, CliError> {
    target(option, url, is_web_address).map(|target| target.as_str().to_owned())
}

fn is_web_address(url: &str) -> bool {
    text::web_address(url).is_some()
}
