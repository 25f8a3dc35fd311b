//! The few words that belong to the controls themselves (keys, turning pages) and to no step of a visit. All others come
//! from the view.

use domain::Language;

macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident: $ja:literal, $en:literal, $zh:literal, $ko:literal;)*) => {
        $($(#[$doc])* pub(crate) fn $name(language: Language) -> &'static str {
            match language {
                Language::Ja => $ja,
                Language::En => $en,
                Language::ZhHans => $zh,
                Language::Ko => $ko,
            }
        })*
    };
}

terms! {
    up: "上《うえ》へ", "Up", "向上", "위로";
    down: "下《した》へ", "Down", "向下", "아래로";
    close: "閉《と》じる", "Close", "关闭", "닫기";
    undo: "1つ戻《もど》す", "Undo", "撤销一笔", "되돌리기";
    previous_page: "前《まえ》のページ", "Previous page", "上一页", "이전 페이지";
    next_page: "次《つぎ》のページ", "Next page", "下一页", "다음 페이지";
    zoom_in: "大《おお》きく見《み》る", "Enlarge", "放大", "확대";
    zoom_out: "全体《ぜんたい》を見《み》る", "Whole page", "查看整页", "전체 보기";
    by_hand: "入力《にゅうりょく》した内容《ないよう》", "Typed", "手动输入", "직접 입력";
    slip: "案内《あんない》の紙《かみ》も出《で》ています。窓口《まどぐち》の番号《ばんごう》が書《か》いてあります。",
        "A slip with the numbers of the desks was printed too.", "还打印了一张写有窗口号码的指引单。", "창구 번호가 적힌 안내지도 나왔습니다.";
    voiced: "濁点《だくてん》", "Voiced mark", "浊音符", "탁점";
    half_voiced: "半濁点《はんだくてん》", "Half-voiced mark", "半浊音符", "반탁점";
    small: "小《ちい》さい文字《もじ》", "Small letter", "小写假名", "작은 글자";
    capitals: "大文字《おおもじ》・小文字《こもじ》", "Capitals", "大小写", "대소문자";
    caret_left: "左《ひだり》へ", "Left", "向左", "왼쪽으로";
    caret_right: "右《みぎ》へ", "Right", "向右", "오른쪽으로";
    kana: "かな", "Kana", "假名", "가나";
    latin: "英字《えいじ》", "Letters", "字母", "영문";
    numbers: "数字《すうじ》", "Numbers", "数字", "숫자";
    /// Above a compass.
    north: "北", "N", "北", "북";
    /// How far and in which direction something lies.
    far: "{direction}へ{distance}", "{distance} {direction}", "向{direction}{distance}", "{direction}쪽 {distance}";
    reiwa: "令和", "Reiwa", "令和", "레이와";
    heisei: "平成", "Heisei", "平成", "헤이세이";
    showa: "昭和", "Showa", "昭和", "쇼와";
    taisho: "大正", "Taisho", "大正", "다이쇼";
    western: "西暦", "Western", "公历", "서기";
    /// Said of the digits that are never shown; `{n}` of `{of}`.
    entered: "{of}桁のうち{n}桁を入力しました", "{n} of {of} digits entered", "已输入{of}位中的{n}位", "{of}자리 중 {n}자리 입력함";
    /// The way into staff mode, for whoever does not see the screen.
    staff_door: "職員用", "For staff", "职员专用", "직원용";
    /// Where the visit stands; `{n}`, `{of}`, `{step}`.
    step: "{of}つのうち{n}つ目：{step}", "Step {n} of {of}: {step}", "第{n}步，共{of}步：{step}", "{of}단계 중 {n}단계: {step}";
}

/// The eight directions of the compass, clockwise from north.
pub(crate) fn directions(language: Language) -> [&'static str; 8] {
    match language {
        Language::Ja => [
            "北《きた》",
            "北東《ほくとう》",
            "東《ひがし》",
            "南東《なんとう》",
            "南《みなみ》",
            "南西《なんせい》",
            "西《にし》",
            "北西《ほくせい》",
        ],
        Language::En => ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"],
        Language::ZhHans => ["北", "东北", "东", "东南", "南", "西南", "西", "西北"],
        Language::Ko => ["북", "북동", "동", "남동", "남", "남서", "서", "북서"],
    }
}

/// The noto family for a language.
pub(crate) fn family(language: Language) -> &'static str {
    match language {
        Language::Ja | Language::En => "Noto Sans CJK JP",
        Language::ZhHans => "Noto Sans CJK SC",
        Language::Ko => "Noto Sans CJK KR",
    }
}
