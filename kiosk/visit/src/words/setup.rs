//! What an installer reads at the first start.

use super::Words;
use super::staff::{Page, Plain, mark};
use crate::Visit;
use crate::intent::{Intent, SetupPage, SetupTouch};
use crate::states::{PrinterChoice, Printout, SettingUp, SetupTrouble};
use crate::view::{Body, Button, EntryField, Mark, Notice, Progress, StaffRow, StaffTile};
use domain::Language;
use domain::setup::{AddressFault, PrinterSays, SetupField, Surroundings};
use domain::staff::{Part, StaffPin};

/// The steps, as the headline shows them.
const STEPS: [&str; 6] = ["language", "network", "printer", "devices", "pin", "summary"];

/// The place of a page among the steps; `None` where there are none.
fn step(page: SetupPage) -> Option<usize> {
    Some(match page {
        SetupPage::Language => 0,
        SetupPage::Network | SetupPage::Address | SetupPage::Proxy => 1,
        SetupPage::Printer | SetupPage::PrinterAddress => 2,
        SetupPage::Devices => 3,
        SetupPage::Pin | SetupPage::PinAgain => 4,
        SetupPage::Summary | SetupPage::Applying => 5,
        SetupPage::Ready => return None,
    })
}

/// A page's name in phrases.
fn key(page: SetupPage) -> &'static str {
    match page {
        SetupPage::Language => "setup-language",
        SetupPage::Network => "setup-network",
        SetupPage::Address => "setup-address",
        SetupPage::Proxy => "setup-proxy",
        SetupPage::Printer => "setup-printer",
        SetupPage::PrinterAddress => "setup-printer-address",
        SetupPage::Devices => "setup-devices",
        SetupPage::Pin => "setup-pin",
        SetupPage::PinAgain => "setup-pin-again",
        SetupPage::Summary => "setup-summary",
        SetupPage::Applying => "setup-applying",
        SetupPage::Ready => "setup-ready",
    }
}

fn good(well: bool) -> Mark {
    if well { Mark::Good } else { Mark::Bad }
}

impl Words<'_> {
    pub(super) fn setup_progress(&self, setup: &SettingUp) -> Option<Progress> {
        let steps = STEPS.map(|name| self.say(&format!("setup-step-{name}"))).to_vec();
        step(setup.page).map(|at| Progress { at, steps })
    }

    fn setup_button(&self, key: &str, touch: SetupTouch) -> Button {
        self.button(key, Intent::Setup(touch))
    }

    fn setup_tile(&self, icon: &'static str, key: &str, chosen: bool, touch: SetupTouch) -> StaffTile {
        let button = self.setup_button(key, touch);
        let mark = if chosen { Mark::Good } else { Mark::None };
        StaffTile { icon, button, detail: self.say(&format!("{key}-detail")), mark }
    }

    pub(super) fn setup_page(&self, visit: &Visit, setup: &SettingUp) -> Page {
        let key = key(setup.page);
        let next = || self.button("button-next", Intent::Next);
        let plain = Plain::of(key);
        let plain = match setup.page {
            SetupPage::Language => Plain { tiles: self.languages(), next: Some(next()), ..plain },
            SetupPage::Network => self.network(setup, Plain { next: Some(next()), ..plain }),
            SetupPage::Printer => {
                let next = Button { enabled: setup.printer.is_some() && setup.trying.is_none(), ..next() };
                self.printers(setup, Plain { next: Some(next), ..plain })
            }
            SetupPage::Devices => self.setup_devices(visit, setup, Plain { next: Some(next()), ..plain }),
            SetupPage::Summary => self.summary(setup, plain),
            SetupPage::Applying => self.applying(setup, plain),
            SetupPage::Ready => self.ready(visit, setup, plain),
            SetupPage::Address | SetupPage::Proxy | SetupPage::PrinterAddress => {
                let trying = setup.trying.is_some();
                return Page {
                    title: self.say(&format!("{key}-title")),
                    lead: self.say(&if trying { "setup-printer-asking".to_owned() } else { format!("{key}-lead") }),
                    body: Body::SetupEntry {
                        fields: setup.fields().iter().map(|field| self.entry_field(setup, *field)).collect(),
                        letters: setup.page != SetupPage::Address,
                    },
                    next: Some(Button { enabled: !trying, ..next() }),
                };
            }
            SetupPage::Pin | SetupPage::PinAgain => {
                let note = match &setup.trouble {
                    _ if setup.pin_checking() => Some("upkeep-pin-checking"),
                    Some(SetupTrouble::PinsDiffer) => Some("setup-pins-differ"),
                    Some(SetupTrouble::NoPin) => Some("setup-no-pin"),
                    _ => None,
                };
                let digits = StaffPin::DIGITS;
                return Page {
                    title: self.say(&format!("{key}-title")),
                    lead: self.say(&format!("{key}-lead")),
                    body: Body::StaffPin {
                        least: *digits.start(),
                        most: *digits.end(),
                        note: note.map(|key| self.say(key)),
                        open: !setup.pin_checking(),
                    },
                    next: None,
                };
            }
        };
        self.page(plain)
    }

    fn entry_field(&self, setup: &SettingUp, field: SetupField) -> EntryField {
        EntryField {
            field,
            label: self.say(&format!("setup-field-{}", field.name())),
            value: setup.text(field).to_owned(),
            example: self.with("setup-example", &[("example", field.example().to_owned())]),
            active: setup.active == field,
        }
    }

    fn languages(&self) -> Vec<StaffTile> {
        let tile = |language: Language| StaffTile {
            icon: "globe",
            button: Button { label: language.endonym().to_owned(), intent: Intent::Speak(language), enabled: true },
            detail: String::new(),
            mark: if language == self.language { Mark::Good } else { Mark::None },
        };
        Language::ALL.map(tile).to_vec()
    }

    /// The link and the address, as they are now.
    fn links(&self, seen: Option<&Surroundings>) -> Vec<StaffRow> {
        let Some(seen) = seen else {
            return vec![self.row(Mark::Open, "setup-link", self.say("upkeep-pin-checking"))];
        };
        let link = if seen.link { "setup-link-there" } else { "setup-link-none" };
        let address = match seen.addresses.as_slice() {
            [] => self.say("setup-address-none"),
            addresses => addresses.join("  "),
        };
        let authorities = if seen.authorities { "setup-authorities-there" } else { "setup-authorities-none" };
        vec![
            self.row(good(seen.link), "setup-link", self.say(link)),
            self.row(good(!seen.addresses.is_empty()), "setup-address-now", address),
            self.row(
                if seen.authorities { Mark::Good } else { Mark::None },
                "setup-authorities",
                self.say(authorities),
            ),
        ]
    }

    fn way(&self, setup: &SettingUp) -> String {
        match &setup.fixed {
            None => self.say("setup-dhcp"),
            Some(fixed) => {
                let args = [("address", fixed.address.clone()), ("gateway", fixed.gateway.clone())];
                let mut said = self.with("setup-fixed-is", &args);
                if !fixed.dns.is_empty() {
                    said += &self.with("setup-dns-is", &[("dns", fixed.dns.join("  "))]);
                }
                said
            }
        }
    }

    fn network(&self, setup: &SettingUp, plain: Plain) -> Plain {
        let fixed = setup.fixed.is_some();
        let mut other = self.setup_tile("keyboard", "setup-fixed", fixed, SetupTouch::Go(SetupPage::Address));
        if let Some(known) = &setup.fixed {
            other.detail = known.address.clone();
        }
        let mut proxy =
            self.setup_tile("globe", "setup-with-proxy", setup.proxy.is_some(), SetupTouch::Go(SetupPage::Proxy));
        if let Some(known) = &setup.proxy {
            proxy.detail = known.clone();
        }
        let tiles = vec![
            self.setup_tile("network", "setup-by-dhcp", !fixed, SetupTouch::Dhcp),
            other,
            proxy,
            self.setup_tile("restart", "setup-look-again", false, SetupTouch::Go(SetupPage::Network)),
        ];
        Plain { rows: self.links(setup.seen.as_ref()), tiles, ..plain }
    }

    fn choice(&self, choice: &PrinterChoice) -> String {
        match choice {
            PrinterChoice::This { uri, name: Some(name) } => format!("{name}  {uri}"),
            PrinterChoice::This { uri, name: None } => uri.clone(),
            PrinterChoice::None => self.say("setup-printer-none"),
        }
    }

    fn printers(&self, setup: &SettingUp, plain: Plain) -> Plain {
        let mut rows = Vec::new();
        match (&setup.trying, &setup.printer) {
            (Some(choice), _) => rows.push(StaffRow {
                mark: Mark::Open,
                label: self.say("setup-printer-asking"),
                detail: self.choice(choice),
            }),
            (None, Some(choice)) => rows.push(self.row(Mark::Good, "setup-printer-chosen", self.choice(choice))),
            (None, None) => {}
        }
        let found = match (setup.searching, setup.printers.len()) {
            (true, _) => (Mark::Open, self.say("setup-printer-searching")),
            // Whoever has chosen one does not need it.
            (false, 0) => {
                let mark = if setup.printer.is_some() { Mark::None } else { Mark::Bad };
                (mark, self.say("setup-printer-not-found"))
            }
            (false, n) => (Mark::None, self.with("setup-printer-found", &[("n", n.to_string())])),
        };
        rows.push(self.row(found.0, "setup-printer-search", found.1));
        let is = |uri: &str| matches!(&setup.printer, Some(PrinterChoice::This { uri: chosen, .. }) if chosen == uri);
        let enabled = setup.trying.is_none();
        let mut tiles: Vec<StaffTile> = setup
            .printers
            .iter()
            .map(|found| StaffTile {
                icon: "printer",
                button: Button {
                    label: found.name.clone(),
                    intent: Intent::Setup(SetupTouch::Printer(found.uri.clone())),
                    enabled,
                },
                detail: if found.model.is_empty() { found.uri.clone() } else { found.model.clone() },
                mark: if is(&found.uri) { Mark::Good } else { Mark::None },
            })
            .collect();
        let by_hand = matches!(&setup.printer, Some(PrinterChoice::This { name: None, .. }));
        let none = setup.printer == Some(PrinterChoice::None);
        tiles.push(self.setup_tile(
            "keyboard",
            "setup-printer-by-address",
            by_hand,
            SetupTouch::Go(SetupPage::PrinterAddress),
        ));
        tiles.push(self.setup_tile("cross", "setup-no-printer", none, SetupTouch::NoPrinter));
        let mut again = self.setup_tile("search", "setup-search-again", false, SetupTouch::Search);
        again.button.enabled = !setup.searching;
        tiles.push(again);
        Plain { rows, tiles, ..plain }
    }

    fn setup_devices(&self, visit: &Visit, setup: &SettingUp, plain: Plain) -> Plain {
        let again = self.setup_tile("restart", "setup-look-again", false, SetupTouch::Go(SetupPage::Devices));
        let Some(seen) = &setup.seen else {
            let rows = vec![self.row(Mark::Open, "setup-devices-search", self.say("upkeep-pin-checking"))];
            return Plain { rows, tiles: vec![again], ..plain };
        };
        let named = |names: &[String], there: bool, part: Part, none: &str| {
            let (mark, detail) = match (names, there) {
                ([], false) => (Mark::Bad, self.say(none)),
                ([], true) => (Mark::Good, self.say("upkeep-finding-good")),
                (names, _) => (Mark::Good, names.join("  ")),
            };
            StaffRow { mark, label: self.part_name(part), detail }
        };
        let optional = |row: StaffRow| match row.mark {
            Mark::Bad => StaffRow { mark: Mark::None, ..row },
            _ => row,
        };
        // A reader that was plugged in before the kiosk is said by its port alone.
        let reader = !visit.devices.no_reader && !seen.readers.is_empty();
        let rows = vec![
            named(&seen.readers, reader, Part::Reader, "setup-reader-none"),
            optional(named(&seen.cameras, false, Part::Camera, "setup-camera-none")),
            optional(named(&[], seen.slip, Part::SlipPrinter, "setup-slip-none")),
            optional(named(&seen.sound, false, Part::Speaker, "setup-sound-none")),
        ];
        Plain { rows, tiles: vec![again], ..plain }
    }

    fn summary(&self, setup: &SettingUp, plain: Plain) -> Plain {
        let printer = setup.printer.as_ref();
        let rows = vec![
            self.row(Mark::Good, "setup-network-title", self.way(setup)),
            self.row(
                Mark::Good,
                "setup-with-proxy",
                setup.proxy.clone().unwrap_or_else(|| self.say("setup-proxy-none")),
            ),
            self.row(
                good(printer.is_some()),
                "setup-step-printer",
                printer.map_or_else(|| self.say("setup-printer-not-chosen"), |choice| self.choice(choice)),
            ),
            self.row(
                good(setup.pin_kept()),
                "setup-step-pin",
                self.say(if setup.pin_kept() { "setup-pin-set" } else { "setup-pin-not-set" }),
            ),
        ];
        let change = |icon, key: &str, page| StaffTile {
            icon,
            button: self.setup_button(key, SetupTouch::Go(page)),
            detail: String::new(),
            mark: Mark::None,
        };
        let tiles = vec![
            change("network", "setup-change-network", SetupPage::Network),
            change("printer", "setup-change-printer", SetupPage::Printer),
            change("lock", "setup-change-pin", SetupPage::Pin),
        ];
        let finish = self.setup_button("setup-finish", SetupTouch::Finish);
        let next = Button { enabled: printer.is_some() && setup.pin_kept(), ..finish };
        Plain { rows, tiles, next: Some(next), ..plain }
    }

    fn applying(&self, setup: &SettingUp, plain: Plain) -> Plain {
        let (mark, key) = if setup.taken { (Mark::Good, "setup-taken") } else { (Mark::Open, "setup-applying-now") };
        Plain { rows: vec![self.row(mark, "upkeep-result", self.say(key))], ..plain }
    }

    fn ready(&self, visit: &Visit, setup: &SettingUp, plain: Plain) -> Plain {
        let findings = setup.all_findings(&visit.devices);
        let mut rows: Vec<StaffRow> = findings
            .into_iter()
            .map(|(part, finding)| StaffRow {
                mark: mark(finding),
                label: self.part_name(part),
                detail: self.finding(finding),
            })
            .collect();
        let printed = setup.report.map(|report| match report {
            Printout::Drawing(_) | Printout::Printing(_) => (Mark::Open, "upkeep-report-printing"),
            Printout::Done => (Mark::Good, "upkeep-report-done"),
            Printout::Failed => (Mark::Bad, "upkeep-report-failed"),
        });
        rows.extend(printed.map(|(mark, key)| self.row(mark, "upkeep-report", self.say(key))));
        let print = self.setup_tile("paper", "setup-print", false, SetupTouch::Print);
        let print = StaffTile { button: Button { enabled: !setup.printing(), ..print.button }, ..print };
        // What is on its way would be cancelled with the page.
        let next = Button { enabled: !setup.printing(), ..self.button("setup-begin-serving", Intent::Next) };
        Plain { rows, tiles: vec![print], next: Some(next), ..plain }
    }

    pub(super) fn setup_notice(&self, setup: &SettingUp) -> Option<Notice> {
        let mend = self.setup_button("button-fix", SetupTouch::Mend);
        let (key, args, icon, other) = match setup.trouble.as_ref()? {
            SetupTrouble::Address(field, fault) => {
                let args = vec![("field", self.say(&format!("setup-field-{}", field.name())))];
                let key = match fault {
                    AddressFault::NoAddress if setup.text(*field).trim().is_empty() => "setup-fault-empty".to_owned(),
                    fault => format!("setup-fault-{}", fault.name()),
                };
                (key, args, "network", vec![self.setup_button("setup-by-dhcp", SetupTouch::Dhcp)])
            }
            SetupTrouble::Proxy => {
                let other = vec![self.setup_button("setup-no-proxy", SetupTouch::NoProxy)];
                ("setup-fault-proxy".to_owned(), Vec::new(), "network", other)
            }
            SetupTrouble::PrinterAddress => {
                let other = vec![self.setup_button("setup-from-list", SetupTouch::Go(SetupPage::Printer))];
                ("setup-fault-printer".to_owned(), Vec::new(), "printer", other)
            }
            SetupTrouble::Printer { choice, says } => {
                let key = if *says == PrinterSays::NoPdf { "setup-printer-no-pdf" } else { "setup-printer-away" };
                let anyway = self.setup_button("setup-use-anyway", SetupTouch::UseAnyway);
                (key.to_owned(), vec![("printer", self.choice(choice))], "printer", vec![anyway])
            }
            SetupTrouble::Refused(why) => {
                let again = self.setup_button("button-again", SetupTouch::Finish);
                ("setup-refused".to_owned(), vec![("why", why.clone())], "info", vec![again])
            }
            SetupTrouble::NoAnswer => {
                let again = self.setup_button("button-again", SetupTouch::Finish);
                ("setup-no-answer".to_owned(), Vec::new(), "info", vec![again])
            }
            // These are said beside the digits.
            SetupTrouble::PinsDiffer | SetupTrouble::NoPin => return None,
        };
        Some(Notice {
            cause: self.with(&format!("{key}-cause"), &args),
            remedy: self.with(&format!("{key}-remedy"), &args),
            other_ways: std::iter::once(mend).chain(other).collect(),
            icon,
        })
    }
}
