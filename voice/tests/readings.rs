//! Which words the reading checker is not sure of, and how the shipped guides are read.

use guide::{Fault, Guide};
use reading::Japanese;
use std::fs;
use std::path::{Path, PathBuf};
use voice::{Place, unsure_readings};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guides").join(name)
}

fn unsure(folder: &Path) -> Vec<Fault> {
    unsure_readings(&Guide::load(folder).unwrap(), folder, &Place::prepared().unwrap()).unwrap()
}

#[test]
fn the_shipped_guides_leave_nothing_to_chance() {
    for name in ["kurikara", "nagisa"] {
        let faults = unsure(&shipped(name));
        assert_eq!(faults, [], "{}", faults.iter().map(|fault| format!("{fault}\n")).collect::<String>());
    }
}

#[test]
fn a_doubtful_word_is_told_with_its_line_and_its_remedy() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let others = ["en", "zh-Hans", "ko"].map(|tag| format!("[{tag}]\nask = [\"a\"]\nsay = \"b\"\n")).concat();
    let head = "topic = \"bath\"\nsource = { kind = \"example\" }\n";
    let answer = |say: &str| {
        write("answers/a.toml", &format!("{head}[ja]\nask = [\"a\"]\nsay = \"{say}\"\n{others}"));
    };
    let site = "here = \"desk\"\n[name]\nja = \"駅\"\nen = \"Station\"\nzh-Hans = \"站\"\nko = \"역\"\n";
    let texts =
        ["en", "zh-Hans", "ko"].map(|tag| format!("[{tag}]\nname = \"a\"\nabout = \"a\"\nway = \"a\"\n")).concat();
    let desk = |name: &str| {
        let head = "kind = \"desk\"\nat = [36.6, 136.7]\naway = { by = \"walk\", minutes = 0 }\nsource = { kind = \"example\" }\n";
        write(
            "places/desk.toml",
            &format!("{head}[ja]\nname = \"{name}\"\nabout = \"受付です。\"\nway = \"こちらです。\"\n{texts}"),
        );
    };
    write("guide.toml", site);
    desk("受付《うけつけ》");
    for (say, word, settled) in [
        // Context decides; the dictionary takes the likelier one.
        ("お湯に入れます。", "入れ", "お湯に入《はい》れます。"),
        ("駅は開いています。", "開い", "駅は開《あ》いています。"),
        ("柵の中です。", "柵", "柵《さく》の中です。"),
        // Said letter by letter.
        ("ICOCAが使えます。", "ICOCA", "｜ICOCA《イコカ》が使えます。"),
        // Not in the dictionary, or in it with a rival.
        ("くりからのお米やそばをお送りします。", "米", "くりからのお米《こめ》やそばをお送りします。"),
        ("バスは1日に3本です。", "1日", "バスは｜1日《いちにち》に3本です。"),
        ("大きな牛が9疋います。", "9疋", "大きな牛が｜9疋《きゅうひき》います。"),
    ] {
        answer(say);
        let faults = unsure(folder);
        assert_eq!(faults.len(), 1, "{say}: {faults:?}");
        let fault = &faults[0];
        assert_eq!(
            (fault.file.as_path(), fault.line, fault.warning),
            (Path::new("answers/a.toml"), 5, true),
            "{fault}"
        );
        assert!(fault.what.contains(&format!("「{word}」")) && fault.what.contains('《'), "{fault}");
        answer(settled);
        assert_eq!(unsure(folder), [], "{settled}");
    }
    // A name needs a reading, here or in the guide's dictionary.
    desk("三国山の窓口");
    let faults = unsure(folder);
    assert!(faults[0].what.contains("三国山") && faults[0].what.contains("[readings]"), "{faults:?}");
    assert_eq!(faults[0].line, 6);
    write("guide.toml", &format!("{site}[readings]\n\"三国山\" = \"みくにやま\"\n"));
    assert_eq!(unsure(folder), []);
}

/// What the voice says of a text, in katakana; long vowels in one spelling.
fn heard(japanese: &Japanese, text: &str) -> String {
    japanese.kana(&domain::ruby::spoken(text)).replace("ュウ", "ュー").replace("グウ", "グー").replace("ドウ", "ドー")
}

#[test]
fn names_and_numbers_are_read_as_people_there_read_them() {
    let place = Place::prepared().unwrap();
    let station = Guide::load(&shipped("kurikara")).unwrap();
    let own: Vec<_> = station.site.readings.clone().into_iter().collect();
    let reader = place.reader(&own).unwrap();
    for (text, kana) in [
        ("倶利伽羅峠", "クリカラトーゲ"),
        ("津幡町", "ツバタマチ"),
        ("埴生護国八幡宮", "ハニューゴコクハチマングー"),
        ("石動駅", "イスルギエキ"),
        ("竹橋", "タケノハシ"),
        ("公立河北中央病院", "コーリツカホクチューオービョーイン"),
        ("河北潟", "カホクガタ"),
        ("三国山", "ミクニヤマ"),
        ("日本語", "ニホンゴ"),
    ] {
        assert_eq!(heard(reader.japanese(), text), kana, "{text}");
    }
    // Each counter that the checker is silent about.
    for (text, kana) in [
        ("1本", "イッポン"),
        ("3本", "サンボン"),
        ("6000本", "ロクセンボン"),
        ("10分", "ジュップン"),
        ("7時", "シチジ"),
        ("4時", "ヨジ"),
        ("9時", "クジ"),
        ("20日", "ハツカ"),
        ("14日", "ジューヨッカ"),
        ("2人", "フタリ"),
        ("4人", "ヨニン"),
        ("17歳", "ジューナナサイ"),
        ("1階", "イッカイ"),
        ("3階", "サンガイ"),
        ("2頭", "ニトー"),
        ("1泊", "イッパク"),
        ("3匹", "サンビキ"),
        ("1杯", "イッパイ"),
        ("1冊", "イッサツ"),
        ("2種類", "ニシュルイ"),
        ("75代", "ナナジューゴダイ"),
        ("802席", "ハッピャクニセキ"),
        ("3割", "サンワリ"),
        ("1週間", "イッシューカン"),
        ("1100円", "センヒャクエン"),
        ("67台", "ロクジューナナダイ"),
        ("第3火曜日", "ダイサンカヨービ"),
    ] {
        assert_eq!(heard(reader.japanese(), text), kana, "{text}");
    }
}
