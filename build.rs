//! Packs the sentences of `src/locales`, a file for each language: `src/locale.rs` finds one where it lies, so that the
//! first reply waits for no table to be made.

use std::{env, fs, path::PathBuf};

fn main() {
    const LOCALES: &str = "src/locales";
    println!("cargo::rerun-if-changed={LOCALES}");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    for (locale, sentences) in rust_i18n_support::load_locales(LOCALES, |_| false) {
        // A map of keys is in their order.
        let packed = sentences.iter().map(|(key, sentence)| format!("{key}\t{sentence}\0"));
        fs::write(out.join(locale), packed.collect::<String>()).expect("a file");
    }
}
