//! What staff read: the pages of staff mode, and the report on paper.

use super::Words;
use crate::intent::{Intent, PaperHelp, StaffPage, StaffTouch};
use crate::session::{Camera, Devices, Voice};
use crate::states::{EnteringStaffPin, Printout, StaffMode, StaffPinTrouble, TARGETS};
use crate::view::{Body, Button, Mark, Sight, StaffRow, StaffTile};
use crate::{Phrasebook, Visit};
use domain::paper::{Device, PrinterTrouble};
use domain::staff::{
    Condition, Finding, MachineOrder, Part, PinRefusal, Sheet, SheetLine, StaffAction, StaffOutcome, StaffPin,
    StickOutcome, StickReport,
};
use domain::{Language, Timestamp, ruby};

/// A page of staff mode, put into words.
pub(super) struct Page {
    pub title: String,
    pub lead: String,
    pub body: Body,
    pub next: Option<Button>,
}

/// Less room on the disk than this is told, in MB.
const LITTLE_ROOM_MB: u64 = 1024;

/// How much one touch makes it louder or brighter, in per cent.
const STEP: u8 = 10;

fn part_icon(part: Part) -> &'static str {
    match part {
        Part::Reader => "card",
        Part::Camera => "face",
        Part::PagePrinter => "printer",
        Part::SlipPrinter => "slip",
        Part::Speaker => "speaker",
        Part::Microphone => "microphone",
        Part::Touch => "hand",
        Part::Network => "network",
    }
}

fn order_icon(order: MachineOrder) -> &'static str {
    match order {
        MachineOrder::Update => "update",
        MachineOrder::Stick => "stick",
        MachineOrder::Restart => "restart",
        MachineOrder::ShutDown => "power",
        MachineOrder::FactoryReset => "clear",
    }
}

pub(super) fn mark(finding: Option<Finding>) -> Mark {
    match finding {
        None => Mark::Open,
        Some(Finding::Good) => Mark::Good,
        Some(Finding::NotInstalled) => Mark::None,
        Some(_) => Mark::Bad,
    }
}

impl Words<'_> {
    pub(super) fn staff_pin(&self, pin: &EnteringStaffPin, now: Timestamp) -> Body {
        let wait = pin.locked_until.since(now);
        let note = match pin.trouble {
            _ if pin.checking() => Some(self.say("upkeep-pin-checking")),
            Some(StaffPinTrouble::Refused(PinRefusal::NoRecord)) => Some(self.say("upkeep-pin-no-record")),
            Some(StaffPinTrouble::Refused(_)) if wait > 0 => {
                Some(self.with("upkeep-pin-locked", &[("wait", self.wait(wait))]))
            }
            Some(StaffPinTrouble::Refused(PinRefusal::Wrong)) => Some(self.say("upkeep-pin-wrong")),
            Some(StaffPinTrouble::NoAnswer) => Some(self.say("upkeep-pin-no-answer")),
            // The wait is over.
            Some(StaffPinTrouble::Refused(PinRefusal::Locked)) | None => None,
        };
        let digits = StaffPin::DIGITS;
        Body::StaffPin { least: *digits.start(), most: *digits.end(), note, open: wait == 0 && !pin.checking() }
    }

    fn wait(&self, ms: u64) -> String {
        let seconds = ms.div_ceil(1000);
        match seconds {
            ..=90 => self.with("upkeep-seconds", &[("n", seconds.to_string())]),
            _ => self.with("upkeep-minutes", &[("n", seconds.div_ceil(60).to_string())]),
        }
    }

    fn staff_button(&self, key: &str, touch: StaffTouch) -> Button {
        self.button(key, Intent::Staff(touch))
    }

    fn staff_tile(&self, icon: &'static str, key: &str, touch: StaffTouch) -> StaffTile {
        let button = self.staff_button(key, touch);
        StaffTile { icon, button, detail: self.say(&format!("{key}-detail")), mark: Mark::None }
    }

    pub(super) fn row(&self, mark: Mark, key: &str, detail: String) -> StaffRow {
        StaffRow { mark, label: self.say(key), detail }
    }

    pub(super) fn part_name(&self, part: Part) -> String {
        self.say(&format!("upkeep-part-{}", part.name()))
    }

    /// What a printer lacks, as residents are told it.
    fn trouble(&self, trouble: PrinterTrouble) -> String {
        ruby::plain(&self.printer_notice(trouble).cause)
    }

    pub(super) fn finding(&self, finding: Option<Finding>) -> String {
        self.say(match finding {
            None => "upkeep-finding-open",
            Some(Finding::Good) => "upkeep-finding-good",
            Some(Finding::NotInstalled) => "upkeep-finding-not-installed",
            Some(Finding::Absent) => "upkeep-finding-absent",
            Some(Finding::NoAnswer) => "upkeep-finding-no-answer",
            Some(Finding::SaidNo) => "upkeep-finding-said-no",
            Some(Finding::Trouble(trouble)) => return self.trouble(trouble),
        })
    }

    /// How a part is, as far as that is known without a test.
    fn part_now(&self, devices: &Devices, mode: &StaffMode, part: Part) -> StaffRow {
        let known = |well: bool| Some(if well { Finding::Good } else { Finding::Absent });
        let printer = |troubles: &[PrinterTrouble]| match troubles.first() {
            Some(trouble) => Some(Finding::Trouble(*trouble)),
            None => Some(Finding::Good),
        };
        let finding = match part {
            _ if !mode.has(part) => Some(Finding::NotInstalled),
            Part::Reader => known(!devices.no_reader),
            Part::Camera => match devices.camera {
                Camera::There => mode.findings.get(&part).copied(),
                Camera::Lost => known(false),
                Camera::NotInstalled => Some(Finding::NotInstalled),
            },
            Part::PagePrinter => printer(&devices.page_troubles),
            Part::SlipPrinter => printer(&devices.slip_troubles),
            Part::Speaker | Part::Microphone if devices.voice == Voice::NotInstalled => Some(Finding::NotInstalled),
            Part::Microphone if devices.voice == Voice::Deaf => known(false),
            Part::Speaker | Part::Microphone | Part::Touch | Part::Network => mode.findings.get(&part).copied(),
        };
        let low = match part {
            Part::PagePrinter => devices.low.contains(&Device::Page),
            Part::SlipPrinter => devices.low.contains(&Device::Slip),
            _ => false,
        };
        if low && finding == Some(Finding::Good) {
            return StaffRow { mark: Mark::Bad, label: self.part_name(part), detail: self.say("upkeep-paper-low") };
        }
        StaffRow { mark: mark(finding), label: self.part_name(part), detail: self.finding(finding) }
    }

    fn condition(&self, condition: &Condition) -> Vec<StaffRow> {
        let mut rows = Vec::new();
        if let Some(counts) = condition.counts {
            let args = [
                ("visits", counts.visits.to_string()),
                ("completed", counts.completed.to_string()),
                ("printed", counts.printed.to_string()),
                ("troubles", counts.troubles.to_string()),
            ];
            rows.push(self.row(Mark::None, "upkeep-today", self.with("upkeep-today-detail", &args)));
        }
        let room = match condition.free_mb < LITTLE_ROOM_MB {
            true => Mark::Bad,
            false => Mark::Good,
        };
        let gigabytes = |mb: u64| format!("{:.1} GB", mb as f64 / 1024.0);
        let args = [("free", gigabytes(condition.free_mb)), ("all", gigabytes(condition.disk_mb))];
        rows.push(self.row(room, "upkeep-disk", self.with("upkeep-disk-detail", &args)));
        rows.push(self.row(Mark::None, "upkeep-version", format!("{} / {}", condition.version, condition.pack)));
        rows.extend(condition.stick.iter().flat_map(|report| self.stick(report)));
        rows
    }

    /// What became of the stick that was read last.
    fn stick(&self, report: &StickReport) -> Vec<StaffRow> {
        let parts = [
            ("upkeep-stick-settings", report.settings),
            ("upkeep-stick-authorities", report.authorities),
            ("upkeep-stick-system", report.update),
        ];
        let part = |(key, outcome)| {
            let (mark, said) = match outcome {
                StickOutcome::Absent => return None,
                StickOutcome::UnderWay => (Mark::Open, "upkeep-under-way"),
                StickOutcome::Taken => (Mark::Good, "upkeep-stick-taken"),
                StickOutcome::Same => (Mark::Good, "upkeep-stick-same"),
                StickOutcome::Refused => (Mark::Bad, "upkeep-stick-refused"),
            };
            Some(self.row(mark, key, self.say(said)))
        };
        let mut rows = vec![self.row(Mark::None, "upkeep-stick-read", report.at.clone())];
        rows.extend(parts.into_iter().filter_map(part));
        if rows.len() == 1 {
            let said = if report.found { "upkeep-stick-empty" } else { "upkeep-no-stick" };
            rows.push(self.row(Mark::Bad, "upkeep-result", self.say(said)));
        }
        rows.extend(report.why.iter().map(|why| self.row(Mark::Bad, "upkeep-stick-why", why.clone())));
        rows
    }

    pub(super) fn staff_page(&self, visit: &Visit, mode: &StaffMode) -> Page {
        let devices = &visit.devices;
        let page = match mode.page {
            StaffPage::Menu => self.menu(visit),
            StaffPage::States => self.states(devices, mode),
            StaffPage::Paper => self.paper_page(devices, mode),
            StaffPage::PaperHelp(help) => self.paper_help(help),
            StaffPage::Tests => self.tests(mode),
            StaffPage::Test(part) => self.test(mode, part),
            StaffPage::Levels => self.levels(mode),
            StaffPage::Report => self.report(devices, mode),
            StaffPage::Diagnosis => self.diagnosis(mode),
            StaffPage::Sure(order) => self.sure(mode, order),
        };
        self.page(page)
    }

    pub(super) fn page(&self, page: Plain) -> Page {
        let Plain { key, sight, rows, tiles, next } = page;
        Page {
            title: self.say(&format!("{key}-title")),
            lead: self.say(&format!("{key}-lead")),
            body: Body::StaffPage { sight, rows, tiles },
            next,
        }
    }

    fn menu(&self, visit: &Visit) -> Plain {
        let out = visit.devices.out_of_service;
        let Devices { page_troubles, slip_troubles, low, .. } = &visit.devices;
        let trouble = !(page_troubles.is_empty() && slip_troubles.is_empty() && low.is_empty());
        let go = |icon, key: &str, page| self.staff_tile(icon, key, StaffTouch::Go(page));
        let service = match out {
            false => self.staff_tile("pause", "upkeep-take-out", StaffTouch::OutOfService(true)),
            true => StaffTile {
                mark: Mark::Bad,
                ..self.staff_tile("play", "upkeep-take-in", StaffTouch::OutOfService(false))
            },
        };
        let paper = go("printer", "upkeep-paper", StaffPage::Paper);
        let mut tiles = vec![
            go("list", "upkeep-states", StaffPage::States),
            StaffTile { mark: if trouble { Mark::Bad } else { Mark::None }, ..paper },
            go("check-circle", "upkeep-tests", StaffPage::Tests),
            go("speaker", "upkeep-levels", StaffPage::Levels),
            go("paper", "upkeep-report", StaffPage::Report),
            service,
            go("search", "upkeep-diagnosis", StaffPage::Diagnosis),
        ];
        tiles.extend(
            MachineOrder::ALL
                .map(|order| go(order_icon(order), &format!("upkeep-{}", order.name()), StaffPage::Sure(order))),
        );
        Plain { tiles, ..Plain::of("upkeep-menu") }
    }

    fn states(&self, devices: &Devices, mode: &StaffMode) -> Plain {
        let mut rows: Vec<_> = Part::ALL.iter().map(|part| self.part_now(devices, mode, *part)).collect();
        rows.extend(mode.condition.iter().flat_map(|condition| self.condition(condition)));
        let next = self.staff_button("upkeep-look-again", StaffTouch::Go(StaffPage::States));
        Plain { rows, next: Some(next), ..Plain::of("upkeep-states") }
    }

    fn paper_page(&self, devices: &Devices, mode: &StaffMode) -> Plain {
        let of = |device, troubles: &[PrinterTrouble]| -> Vec<PaperHelp> {
            troubles.iter().map(|trouble| PaperHelp::with(device, *trouble)).collect()
        };
        let mut now = of(Device::Page, &devices.page_troubles);
        now.extend(of(Device::Slip, &devices.slip_troubles));
        now.extend(devices.low.iter().map(|device| PaperHelp::with(*device, PrinterTrouble::PaperOut)));
        let tile = |help: PaperHelp| {
            let key = format!("upkeep-help-{}", help.name());
            let here = now.contains(&help);
            StaffTile {
                icon: "",
                button: Button {
                    label: self.say(&format!("{key}-title")),
                    ..self.staff_button("upkeep-paper", StaffTouch::Go(StaffPage::PaperHelp(help)))
                },
                detail: if here { self.say("upkeep-help-now") } else { String::new() },
                mark: if here { Mark::Bad } else { Mark::None },
            }
        };
        // What is the matter now, before what may be looked up.
        let (mut first, rest): (Vec<_>, Vec<_>) = PaperHelp::ALL.into_iter().partition(|help| now.contains(help));
        first.extend(rest);
        let rows = [Part::PagePrinter, Part::SlipPrinter].map(|part| self.part_now(devices, mode, part));
        Plain { rows: rows.to_vec(), tiles: first.into_iter().map(tile).collect(), ..Plain::of("upkeep-paper-page") }
    }

    fn paper_help(&self, help: PaperHelp) -> Plain {
        let key = format!("upkeep-help-{}", help.name());
        let step = |n: u8| StaffRow { mark: Mark::None, label: n.to_string(), detail: self.say(&format!("{key}-{n}")) };
        let mut test = self.staff_button("upkeep-help-test", StaffTouch::Go(StaffPage::Test(Part::PagePrinter)));
        if matches!(help, PaperHelp::Roll | PaperHelp::Cover) {
            test.intent = Intent::Staff(StaffTouch::Go(StaffPage::Test(Part::SlipPrinter)));
        }
        Plain {
            sight: Sight::Picture(help.name()),
            rows: (1..=3).map(step).collect(),
            next: Some(test),
            ..Plain::of(&key)
        }
    }

    fn tests(&self, mode: &StaffMode) -> Plain {
        let tile = |part: Part| {
            let finding = mode.findings.get(&part).copied();
            StaffTile {
                icon: part_icon(part),
                button: Button {
                    label: self.part_name(part),
                    ..self.staff_button("upkeep-tests", StaffTouch::Go(StaffPage::Test(part)))
                },
                detail: self.finding(finding),
                mark: mark(finding),
            }
        };
        let report = self.staff_button("upkeep-report", StaffTouch::Go(StaffPage::Report));
        Plain { tiles: Part::ALL.map(tile).to_vec(), next: Some(report), ..Plain::of("upkeep-tests-page") }
    }

    fn test(&self, mode: &StaffMode, part: Part) -> Plain {
        let key = format!("upkeep-test-{}", part.name());
        let finding = mode.findings.get(&part).copied();
        let mut rows = Vec::new();
        match finding {
            None => rows.push(self.row(Mark::Open, "upkeep-test-now", self.say(&format!("{key}-do")))),
            Some(finding) => {
                rows.push(self.row(mark(Some(finding)), "upkeep-result", self.finding(Some(finding))));
                if mark(Some(finding)) == Mark::Bad {
                    rows.push(self.row(Mark::None, "upkeep-what-to-do", self.say(&format!("{key}-remedy"))));
                }
            }
        }
        let reached =
            |reached| if reached { (Mark::Good, "upkeep-reached") } else { (Mark::Bad, "upkeep-not-reached") };
        rows.extend(mode.hosts.iter().map(|host| {
            let (mark, key) = reached(host.reached);
            StaffRow { mark, label: host.name.clone(), detail: self.say(key) }
        }));
        let running = mode.trial.is_some();
        let sight = match part {
            Part::Camera if finding != Some(Finding::NotInstalled) => Sight::Camera(self.part_name(part)),
            Part::Microphone if running || finding == Some(Finding::Good) => {
                Sight::Level(mode.level, self.part_name(part))
            }
            Part::Touch if running => Sight::Targets(
                (0..TARGETS)
                    .map(|n| Button {
                        label: self.with("upkeep-target", &[("n", (n + 1).to_string())]),
                        intent: Intent::Staff(StaffTouch::Target(n)),
                        enabled: !mode.targets.contains(&n),
                    })
                    .collect(),
            ),
            _ => Sight::None,
        };
        let answer = |icon, key: &str, works| StaffTile {
            icon,
            button: self.staff_button(key, StaffTouch::Works(works)),
            detail: String::new(),
            mark: Mark::None,
        };
        let again = |icon| StaffTile {
            icon,
            button: self.staff_button("button-again", StaffTouch::Go(StaffPage::Test(part))),
            detail: String::new(),
            mark: Mark::None,
        };
        let mut tiles = match (part, running) {
            (Part::Speaker, true) => {
                vec![
                    answer("check", "upkeep-heard", true),
                    answer("cross", "upkeep-not-heard", false),
                    again("restart"),
                ]
            }
            (Part::Touch, true) => vec![answer("cross", "upkeep-not-touched", false)],
            (_, true) => Vec::new(),
            (_, false) => vec![again("restart")],
        };
        if let Some(Finding::Trouble(trouble)) = finding {
            let device = if part == Part::SlipPrinter { Device::Slip } else { Device::Page };
            let help = PaperHelp::with(device, trouble);
            tiles.insert(0, self.staff_tile("printer", "upkeep-show-help", StaffTouch::Go(StaffPage::PaperHelp(help))));
        }
        let following = Part::ALL.iter().position(|known| *known == part).and_then(|at| Part::ALL.get(at + 1));
        let next = match following {
            Some(part) => self.staff_button("upkeep-next-test", StaffTouch::Go(StaffPage::Test(*part))),
            None => self.staff_button("upkeep-all-tests", StaffTouch::Go(StaffPage::Tests)),
        };
        Plain { sight, rows, tiles, next: Some(next), ..Plain::of(&key) }
    }

    fn levels(&self, mode: &StaffMode) -> Plain {
        let condition = mode.condition.as_ref();
        let (volume, brightness) =
            (condition.and_then(|known| known.volume), condition.and_then(|known| known.brightness));
        let shown = |level: Option<u8>| match level {
            Some(percent) => self.with("upkeep-percent", &[("n", percent.to_string())]),
            None => self.say("upkeep-not-here"),
        };
        let rows = vec![
            self.row(Mark::None, "upkeep-volume", shown(volume)),
            self.row(Mark::None, "upkeep-brightness", shown(brightness)),
        ];
        let tile = |icon, key: &str, enabled: bool, touch| StaffTile {
            icon,
            button: Button { enabled, ..self.staff_button(key, touch) },
            detail: String::new(),
            mark: Mark::None,
        };
        let mut tiles = Vec::new();
        if let Some(now) = volume {
            tiles.push(tile("silence", "upkeep-quieter", now > 0, StaffTouch::Volume(now.saturating_sub(STEP))));
            tiles.push(tile(
                "speaker",
                "upkeep-louder",
                now < 100,
                StaffTouch::Volume(now.saturating_add(STEP).min(100)),
            ));
        }
        if let Some(now) = brightness {
            let (darker, lighter) = (now.saturating_sub(STEP).max(STEP), now.saturating_add(STEP).min(100));
            tiles.push(tile("contrast", "upkeep-darker", now > STEP, StaffTouch::Brightness(darker)));
            tiles.push(tile("guide-light", "upkeep-lighter", now < 100, StaffTouch::Brightness(lighter)));
        }
        Plain { rows, tiles, ..Plain::of("upkeep-levels-page") }
    }

    fn report(&self, devices: &Devices, mode: &StaffMode) -> Plain {
        let (mark, key) = match mode.report {
            None | Some(Printout::Drawing(_) | Printout::Printing(_)) => (Mark::Open, "upkeep-report-printing"),
            Some(Printout::Done) => (Mark::Good, "upkeep-report-done"),
            Some(Printout::Failed) => (Mark::Bad, "upkeep-report-failed"),
        };
        let mut rows = vec![self.row(mark, "upkeep-result", self.say(key))];
        if mark != Mark::Good {
            rows.push(self.part_now(devices, mode, Part::PagePrinter));
        }
        let again = self.staff_button("upkeep-print-again", StaffTouch::Go(StaffPage::Report));
        Plain { rows, next: Some(Button { enabled: mark != Mark::Open, ..again }), ..Plain::of("upkeep-report-page") }
    }

    fn outcome(&self, outcome: Option<StaffOutcome>) -> StaffRow {
        let (mark, key) = match outcome {
            None => (Mark::Open, "upkeep-under-way"),
            Some(StaffOutcome::Done) => (Mark::Good, "upkeep-done"),
            Some(StaffOutcome::NotAvailable) => (Mark::None, "upkeep-not-here"),
            Some(_) => (Mark::Bad, "upkeep-failed"),
        };
        self.row(mark, "upkeep-result", self.say(key))
    }

    fn diagnosis(&self, mode: &StaffMode) -> Plain {
        let outcome = mode.outcome_of(StaffAction::Export);
        let mut rows: Vec<_> = outcome.into_iter().map(|outcome| self.outcome(outcome)).collect();
        if outcome == Some(Some(StaffOutcome::NotAvailable)) {
            rows = vec![self.row(Mark::Bad, "upkeep-result", self.say("upkeep-no-stick"))];
            rows.push(self.row(Mark::None, "upkeep-what-to-do", self.say("upkeep-export-remedy")));
        }
        if mode.diagnosis.is_empty() {
            rows.push(self.outcome(None));
        }
        rows.extend(mode.diagnosis.iter().map(|line| {
            let (label, detail) = line.split_once(": ").unwrap_or((line, ""));
            StaffRow { mark: Mark::None, label: label.to_owned(), detail: detail.to_owned() }
        }));
        let export = self.staff_button("upkeep-export", StaffTouch::Export);
        let enabled = !mode.diagnosis.is_empty() && outcome != Some(None);
        Plain { rows, next: Some(Button { enabled, ..export }), ..Plain::of("upkeep-diagnosis-page") }
    }

    fn sure(&self, mode: &StaffMode, order: MachineOrder) -> Plain {
        let key = format!("upkeep-sure-{}", order.name());
        let outcome = mode.outcome_of(StaffAction::Machine(order));
        let rows = match outcome {
            None => vec![self.row(Mark::None, "upkeep-what-happens", self.say(&format!("{key}-text")))],
            Some(outcome) => {
                let mut rows = vec![self.outcome(outcome)];
                let tried = matches!(outcome, Some(StaffOutcome::Done | StaffOutcome::Failed));
                let report = mode.condition.as_ref().and_then(|condition| condition.stick.as_ref());
                if let (MachineOrder::Stick, true, Some(report)) = (order, tried, report) {
                    rows.extend(self.stick(report));
                }
                rows
            }
        };
        let next = self.staff_button(&format!("{key}-yes"), StaffTouch::Order(order));
        Plain { rows, next: Some(Button { enabled: outcome.is_none(), ..next }), ..Plain::of(&key) }
    }
}

/// A page before its title and lead are looked up.
pub(super) struct Plain {
    pub key: String,
    pub sight: Sight,
    pub rows: Vec<StaffRow>,
    pub tiles: Vec<StaffTile>,
    pub next: Option<Button>,
}

impl Plain {
    pub(super) fn of(key: &str) -> Self {
        Self { key: key.to_owned(), sight: Sight::None, rows: Vec::new(), tiles: Vec::new(), next: None }
    }
}

/// A printed page in Japanese, line by line: it is put into the kiosk's folder at the desk.
pub fn sheet(book: &Phrasebook, sheet: &Sheet, kiosk: &str, at: &str, condition: &Condition) -> Vec<SheetLine> {
    let words = Words { book, language: Language::Ja };
    let mut lines = Vec::new();
    match sheet {
        Sheet::Test => {
            lines.push(SheetLine::Heading(words.say("upkeep-sheet-test")));
            lines.push(SheetLine::Text(words.say("upkeep-sheet-test-text")));
        }
        Sheet::Report(_) => lines.push(SheetLine::Heading(words.say("upkeep-sheet-report"))),
    }
    lines.push(SheetLine::Row(words.say("upkeep-sheet-kiosk"), kiosk.to_owned()));
    lines.push(SheetLine::Row(words.say("upkeep-sheet-at"), at.to_owned()));
    if let Sheet::Report(findings) = sheet {
        for (part, finding) in findings {
            lines.push(SheetLine::Row(words.part_name(*part), words.finding(*finding)));
            if mark(*finding) == Mark::Bad {
                let remedy = words.say(&format!("upkeep-test-{}-remedy", part.name()));
                lines.push(SheetLine::Row(String::new(), remedy));
            }
        }
        let rows = words.condition(condition);
        lines.extend(rows.into_iter().map(|row| SheetLine::Row(row.label, row.detail)));
        lines.push(SheetLine::Row(words.say("upkeep-sheet-signature"), String::new()));
    }
    lines
}
