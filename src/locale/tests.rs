use std::{collections::BTreeSet, fs, path::Path};

use super::Locale;

/// The keys of a locale file: names of mappings joined by dots, down to the sentences.
fn keys(file: &str) -> BTreeSet<String> {
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut keys = BTreeSet::new();
    for line in file.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let Some((name, value)) = line.trim().split_once(':') else { continue };
        let depth = line.len() - line.trim_start().len();
        path.retain(|(other, _)| *other < depth);
        path.push((depth, name.trim_matches('"').to_owned()));
        if !value.trim().is_empty() && name != "_version" {
            keys.insert(path.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("."));
        }
    }
    keys
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_sentence_exists_in_both_languages() {
    let zh = keys(include_str!("../locales/zh.yml"));
    let en = keys(include_str!("../locales/en.yml"));
    let sentences: BTreeSet<String> = zh.iter().filter(|key| !key.starts_with("help.")).cloned().collect();
    let missing =
        |of: &BTreeSet<String>, from: &BTreeSet<String>| from.difference(of).cloned().collect::<Vec<_>>();
    assert_eq!(missing(&en, &sentences), [""; 0], "in zh.yml and not in en.yml");
    assert_eq!(missing(&sentences, &en), [""; 0], "in en.yml and not in zh.yml");
    assert!(en.len() > 50);
}

#[test]
fn the_same_values_stand_in_both_languages() {
    let names = |sentence: &str| -> BTreeSet<String> {
        sentence.split("%{").skip(1).filter_map(|rest| rest.split('}').next().map(str::to_owned)).collect()
    };
    for key in keys(include_str!("../locales/en.yml")) {
        let [zh, en] = [Locale::Zh, Locale::En].map(|locale| names(locale.lookup(&key).unwrap()));
        assert_eq!(zh, en, "{key}");
    }
}

#[test]
fn every_sentence_is_used_and_every_key_used_exists() {
    let en = keys(include_str!("../locales/en.yml"));
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let is_key = |text: &str| {
        let of_a_key = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
        text.contains('.') && !text.starts_with('.') && text.bytes().all(of_a_key)
    };
    let literals = || files.iter().flat_map(|file| file.split('"').skip(1)).filter(|text| is_key(text));
    let used: BTreeSet<&str> = literals().collect();
    for key in &en {
        assert!(used.contains(key.as_str()), "{key} is not used");
    }
    // A key stands in a call of `say`, or in a `match` that chooses one of its group.
    let groups: BTreeSet<&str> = en.iter().filter_map(|key| key.split('.').next()).collect();
    let files_are_no_keys = |key: &&str| !key.ends_with(".json") && !key.ends_with(".toml");
    let chosen =
        used.iter().copied().filter(|key| groups.contains(key.split('.').next().unwrap_or_default()));
    let said = files.iter().flat_map(|file| file.split("say(").skip(1)).filter_map(|call| {
        call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()).filter(|key| is_key(key))
    });
    for key in chosen.filter(files_are_no_keys).chain(said) {
        assert!(en.contains(key), "{key} is in no locale file");
    }
}

#[test]
fn values_are_put_in_once() {
    let name = "%{name}";
    let said = Locale::En.say("unknown.text", &[("line", &name)]);
    assert_eq!(said, "I didn't understand: %{name}");
}

#[test]
fn what_is_in_no_file_is_no_sentence() {
    for key in ["", "a", "m", "zzz", "\u{10FFFF}"] {
        assert_eq!([Locale::Zh, Locale::En].map(|locale| locale.lookup(key)), [None; 2], "{key}");
    }
}

#[test]
fn a_value_takes_the_place_of_its_name_and_is_not_read_again() {
    let said = Locale::En.say("http.status", &[("status", &"%{host} %{"), ("host", &"h")]);
    assert_eq!(said, "h answered HTTP %{host} %{.");
    assert_eq!(Locale::En.say("http.status", &[("status", &5)]), "%{host} answered HTTP 5.");
}
