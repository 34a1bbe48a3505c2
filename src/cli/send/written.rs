//! From the arguments of `dingops send`, and the files they name, to a message.

use std::{collections::BTreeSet, io::Read, path::Path};

use url::{ParseError, Url};

use super::{Send, kind::Kind, staff_id, terminal, title, usage};
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
pub(super) fn draft(send: &Send, kind: Kind, settings: &Settings, way: Way) -> Result<Draft, CliError> {
    let at = at(send, settings, way)?;
    let body = match kind {
        Kind::Text => Body::Text(plain(send)?),
        Kind::Markdown => {
            let text = written("--markdown", send.markdown.as_deref())?;
            Body::Markdown { title: title(send, &text)?, text }
        }
        Kind::Card => {
            let text = written("--card", send.card.as_deref())?;
            Body::ActionCard { title: title(send, &text)?, text, buttons: buttons(send)? }
        }
        Kind::Link => {
            let picture = send.picture.as_deref().map(|url| page("--picture", url)).transpose()?;
            let text = plain(send)?;
            Body::Link {
                title: title(send, &text)?,
                text,
                url: page("--link", send.link.as_deref().unwrap_or_default())?,
                picture: picture.map_or_else(String::new, |picture| picture.as_str().to_owned()),
            }
        }
        Kind::Feed => feed(&send.feed)?,
    };
    let attached = |text: &String| {
        let (label, target) = labelled(text, web_page).map_err(|problem| usage("--attach", problem))?;
        Ok(Link { label, url: target.as_str().to_owned() })
    };
    let picture = |url: &String| page("--image", url).map(|target| target.as_str().to_owned());
    Ok(Draft {
        message: Message { body, at },
        links: send.attach.iter().map(attached).collect::<Result<_, CliError>>()?,
        pictures: send.image.iter().map(picture).collect::<Result<_, _>>()?,
    })
}

/// `--text`, or standard input.
fn plain(send: &Send) -> Result<Shown, CliError> {
    let text = send.text.clone().unwrap_or_default();
    shown("--text", &if text == STDIN { read(Path::new(STDIN))? } else { text })
}

/// What a file says, or standard input.
fn written(option: &str, file: Option<&Path>) -> Result<Shown, CliError> {
    shown(option, &read(file.unwrap_or(Path::new(STDIN)))?)
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

fn shown(option: &str, text: &str) -> Result<Shown, CliError> {
    let text = terminal::as_displayed(text);
    Shown::new(text.trim_end()).ok_or_else(|| usage(option, "expected a text, came blanks"))
}

/// The title that was given, or what a text says first.
fn title(send: &Send, text: &Shown) -> Result<Shown, CliError> {
    match &send.title {
        Some(title) => shown("--title", title).map(|title| plain_title(title.as_str())),
        None => Ok(plain_title(&title::of(text.as_str()))),
    }
}

fn buttons(send: &Send) -> Result<Buttons, CliError> {
    let is_private = send.to.starts_with("person:");
    let opens = |url: &str| match Target::new(url).filter(|_| url.starts_with("dtmd:")) {
        Some(command) if is_private => Ok(command),
        Some(_) => Err("says a command, which works in private chats only: --to person:NAME".to_owned()),
        None => web_page(url),
    };
    let button = |text: &String| {
        let (label, target) = labelled(text, opens).map_err(|problem| usage("--button", problem))?;
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
        let expected = |why: &str| {
            let form = "TITLE=URL PICTURE, two addresses with a blank between";
            usage("--feed", format!("expected {form}, came {text:?}{why}"))
        };
        let (front, picture) = text.trim().rsplit_once(char::is_whitespace).ok_or_else(|| expected(""))?;
        let picture = web_page(picture).map_err(|why| expected(&format!(": {picture:?} {why}")))?;
        let (title, target) =
            labelled(front.trim_end(), web_page).map_err(|problem| expected(&format!(": {problem}")))?;
        Ok(FeedLink { title: plain_title(&title), target, picture })
    };
    let links = links.iter().map(link).collect::<Result<Vec<_>, CliError>>()?;
    FeedLinks::new(links).map(Body::FeedCard).ok_or_else(|| usage("--feed", "expected a card, came none"))
}

/// Whom it mentions, each once. Where DingTalk would ignore a mention without a word, there is none.
fn at(send: &Send, settings: &Settings, way: Way) -> Result<At, CliError> {
    let people = send.at.iter().map(|person| staff_id("--at", person, settings));
    let people = once(people.collect::<Result<_, _>>()?);
    let mobiles = once(send.at_mobile.iter().map(|number| mobile(number)).collect::<Result<_, _>>()?);
    let at = At::new(people, mobiles, send.at_all).map_err(|error| usage("--at", error))?;
    if way == Way::OpenApi && !at.is_empty() {
        let option = match (send.at.is_empty(), send.at_mobile.is_empty()) {
            (false, _) => "--at",
            (_, false) => "--at-mobile",
            _ => "--at-all",
        };
        return Err(usage(option, "the OpenAPI mentions nobody; a custom robot does: --to robot:NAME"));
    }
    Ok(at)
}

/// A mobile number as DingTalk knows it: digits alone, those of mainland China without the country.
fn mobile(written: &str) -> Result<String, CliError> {
    let digits: String = written.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let national = ["+86", "0086"].into_iter().find_map(|country| digits.strip_prefix(country));
    let is_number = |number: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = match national {
        Some(national) => Some(national).filter(|number| is_number(number, 11..=11)),
        None => Some(digits.as_str()).filter(|number| is_number(number, 5..=15)),
    };
    number.map(str::to_owned).ok_or_else(|| {
        let expected = "expected a mobile number such as 13800000000 or +86 138-0000-0000";
        let other = if digits.starts_with('+') && national.is_none() {
            "; of another country nobody could confirm the form: mention by --at and the staff id"
        } else {
            ""
        };
        usage("--at-mobile", format!("{expected}, came {written:?}{other}"))
    })
}

fn once(mut list: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    list.retain(|each| seen.insert(each.clone()));
    list
}

/// A label and the address behind the first `=` that one follows: a label may have others, and so may an address.
/// Otherwise what is wrong, with the address behind the first `=` if there is one.
fn labelled(
    text: &str,
    address: impl Fn(&str) -> Result<Target, String>,
) -> Result<(String, Target), String> {
    let parts = text.match_indices('=').map(|(at, _)| (text[..at].trim(), text[at + 1..].trim()));
    let mut wrong = None;
    for (label, url) in parts.filter(|(label, _)| !label.is_empty()) {
        match address(url) {
            Ok(target) => return Ok((label.to_owned(), target)),
            Err(why) => wrong = wrong.or(Some(format!("expected LABEL=URL, came {text:?}: {url:?} {why}"))),
        }
    }
    Err(wrong.unwrap_or_else(|| format!("expected LABEL=URL, came {text:?}")))
}

fn page(option: &str, url: &str) -> Result<Target, CliError> {
    web_page(url)
        .map_err(|why| usage(option, format!("expected an http(s) address, came {url:?}, which {why}")))
}

/// The address of a page, or in words that follow it what is wrong with it.
fn web_page(url: &str) -> Result<Target, String> {
    let begins = "begins neither with https:// nor with http://";
    match Url::parse(url) {
        _ if url.contains(char::is_whitespace) => Err("has a blank in it".to_owned()),
        Ok(_) => Target::new(url).filter(|_| text::web_address(url).is_some()).ok_or(begins.to_owned()),
        Err(ParseError::RelativeUrlWithoutBase) => Err(begins.to_owned()),
        Err(error) => Err(format!("is no address: {error}")),
    }
}
