use super::{Cx, Printout, Step, Turn};
use crate::intent::{SetupPage, SetupTouch, StaffTouch};
use crate::{Devices, Effect, Event, Intent, Policy};
use domain::setup::{
    AddressFault, Fixed, FoundPrinter, PrinterSays, Proposal, SetupAnswer, SetupCommand, SetupField, Surroundings,
    judge_printer, judge_proxy,
};
use domain::staff::{Condition, Finding, Part, StaffAnswer, StaffCommand, StaffPin};
use domain::{Personal, RequestId, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was entered is at most so long.
const LONGEST: usize = 80;

/// What is plugged in while somebody looks is seen after so long.
const LOOK_MS: u64 = 5_000;

/// Nothing that a port of this machine is asked takes longer.
const ANSWER_MS: u64 = 90_000;

/// Which printer it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrinterChoice {
    /// This one.
    This {
        /// Where it is.
        uri: String,
        /// What it calls itself, where it was found.
        name: Option<String>,
    },
    /// None, or one that is named later.
    None,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupTrouble {
    /// An address is none, or does not fit.
    Address(SetupField, AddressFault),
    /// What was entered is no proxy.
    Proxy,
    /// What was entered is no printer's address.
    PrinterAddress,
    /// The printer does not answer, or takes no PDF.
    Printer {
        /// Which one.
        choice: PrinterChoice,
        /// What it says.
        says: PrinterSays,
    },
    /// The two PINs are not the same.
    PinsDiffer,
    /// The PIN could not be kept.
    NoPin,
    /// The machine has refused the settings; its words.
    Refused(String),
    /// The machine did not answer.
    NoAnswer,
}

/// How far the PIN is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum PinEntry {
    /// Nothing was entered.
    #[default]
    Open,
    /// Once.
    Once(Personal<StaffPin>),
    /// Twice; whether it was the same, the port says.
    Sent(RequestId),
    /// The port keeps its hash.
    Kept,
}

/// The first start: the settings of this machine are asked for on the glass. Nothing is in force before the last page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingUp {
    /// What is looked at.
    pub page: SetupPage,
    /// What the machine finds around itself.
    pub seen: Option<Surroundings>,
    /// The printers that were found so far.
    pub printers: Vec<FoundPrinter>,
    /// More may come.
    pub searching: bool,
    /// What was entered.
    pub entered: BTreeMap<SetupField, String>,
    /// Where keys go.
    pub active: SetupField,
    /// A fixed address, or DHCP.
    pub fixed: Option<Fixed>,
    /// The proxy.
    pub proxy: Option<String>,
    /// The printer, once it was chosen.
    pub printer: Option<PrinterChoice>,
    /// What stands in the way.
    pub trouble: Option<SetupTrouble>,
    /// The printer that is asked.
    pub trying: Option<PrinterChoice>,
    /// The report on paper.
    pub report: Option<Printout>,
    /// How the machine is, after it was set up.
    pub condition: Option<Condition>,
    /// What was found out then.
    pub findings: BTreeMap<Part, Finding>,
    /// The machine has taken the settings.
    pub taken: bool,
    pin: PinEntry,
    looked: RequestId,
    looked_at: Timestamp,
    sought: RequestId,
    /// What was asked last of the port, and since when an answer is awaited.
    asked: Option<(RequestId, Timestamp)>,
}

impl SettingUp {
    fn at(page: SetupPage) -> Self {
        Self {
            page,
            seen: None,
            printers: Vec::new(),
            searching: false,
            entered: BTreeMap::new(),
            active: SetupField::Address,
            fixed: None,
            proxy: None,
            printer: None,
            trouble: None,
            trying: None,
            report: None,
            condition: None,
            findings: BTreeMap::new(),
            taken: false,
            pin: PinEntry::Open,
            looked: RequestId::default(),
            looked_at: Timestamp::default(),
            sought: RequestId::default(),
            asked: None,
        }
    }

    /// The notice on the home screen was touched.
    pub(super) fn begin(cx: &mut Cx) -> Self {
        let mut setup = Self::at(SetupPage::Language);
        setup.look(cx);
        setup.find(cx);
        setup
    }

    /// It was set up, and has begun anew: whether everything is ready.
    pub(super) fn ready(cx: &mut Cx) -> Self {
        let mut setup = Self::at(SetupPage::Ready);
        let look = cx.request();
        cx.out(Effect::Staff(StaffCommand::Look(look)));
        let reach = cx.request();
        cx.out(Effect::Staff(StaffCommand::Reach(reach)));
        (setup.looked, setup.sought) = (look, reach);
        setup
    }

    /// Whether the PIN is awaited, and the second time.
    pub fn pin_again(&self) -> bool {
        self.page == SetupPage::PinAgain
    }

    /// Whether an answer about the PIN is awaited.
    pub fn pin_checking(&self) -> bool {
        matches!(self.pin, PinEntry::Sent(_))
    }

    /// Whether a PIN is kept.
    pub fn pin_kept(&self) -> bool {
        self.pin == PinEntry::Kept
    }

    /// What was entered there.
    pub fn text(&self, field: SetupField) -> &str {
        self.entered.get(&field).map_or("", String::as_str)
    }

    /// What is entered on this page.
    pub fn fields(&self) -> &'static [SetupField] {
        match self.page {
            SetupPage::Address => &[SetupField::Address, SetupField::Gateway, SetupField::Dns, SetupField::OtherDns],
            SetupPage::Proxy => &[SetupField::Proxy],
            SetupPage::PrinterAddress => &[SetupField::Printer],
            _ => &[],
        }
    }

    /// What the tests of the report know without a touch.
    pub fn all_findings(&self, devices: &Devices) -> Vec<(Part, Option<Finding>)> {
        let found = |part| match part {
            Part::Reader => Some(if devices.no_reader { Finding::Absent } else { Finding::Good }),
            Part::PagePrinter => {
                Some(devices.page_troubles.first().map_or(Finding::Good, |why| Finding::Trouble(*why)))
            }
            other => self.findings.get(&other).copied(),
        };
        let installed = |part| self.condition.as_ref().is_none_or(|known| known.installed.contains(&part));
        Part::ALL.map(|part| (part, if installed(part) { found(part) } else { Some(Finding::NotInstalled) })).to_vec()
    }

    fn look(&mut self, cx: &mut Cx) {
        (self.looked, self.looked_at) = (cx.request(), cx.now);
        cx.out(Effect::Setup(SetupCommand::Look(self.looked)));
    }

    fn find(&mut self, cx: &mut Cx) {
        (self.sought, self.searching) = (cx.request(), true);
        cx.out(Effect::Setup(SetupCommand::Find(self.sought)));
    }

    fn ask(&mut self, cx: &mut Cx, command: impl FnOnce(RequestId) -> SetupCommand) -> RequestId {
        let request = cx.request();
        self.asked = Some((request, cx.now));
        cx.out(Effect::Setup(command(request)));
        request
    }

    fn go(&mut self, cx: &mut Cx, page: SetupPage) {
        // What was asked on the last page is not waited for any more; a PIN that was entered once is not kept.
        (self.asked, self.trying, self.trouble) = (None, None, None);
        if self.pin != PinEntry::Kept {
            self.pin = PinEntry::Open;
        }
        self.page = page;
        if let Some(first) = self.fields().first() {
            self.active = *first;
        }
        match page {
            SetupPage::Network | SetupPage::Devices => self.look(cx),
            // It was entered before a cable was in, or a printer was on.
            SetupPage::Printer if self.printers.is_empty() && !self.searching && self.printer.is_none() => {
                self.find(cx)
            }
            _ => {}
        }
    }

    fn back(&mut self, cx: &mut Cx) -> Turn {
        // What covers the page goes first. (Of PINs it is said beside the digits.)
        if !matches!(self.trouble.take(), None | Some(SetupTrouble::PinsDiffer | SetupTrouble::NoPin)) {
            return Turn::Stay;
        }
        let page = match self.page {
            SetupPage::Language | SetupPage::Ready => return Turn::End,
            // It is under way.
            SetupPage::Applying => return Turn::Stay,
            SetupPage::Network => SetupPage::Language,
            SetupPage::Address | SetupPage::Proxy | SetupPage::Printer => SetupPage::Network,
            SetupPage::PrinterAddress | SetupPage::Devices => SetupPage::Printer,
            SetupPage::Pin | SetupPage::Summary => SetupPage::Devices,
            SetupPage::PinAgain => SetupPage::Pin,
        };
        self.go(cx, page);
        Turn::Stay
    }

    fn next(&mut self, cx: &mut Cx) -> Turn {
        self.trouble = None;
        match self.page {
            SetupPage::Language => self.go(cx, SetupPage::Network),
            SetupPage::Network => self.go(cx, SetupPage::Printer),
            SetupPage::Address => match Fixed::judge(|field| self.text(field)) {
                Ok(fixed) => {
                    self.fixed = Some(fixed);
                    self.go(cx, SetupPage::Network);
                }
                Err((field, fault)) => {
                    self.active = field;
                    self.trouble = Some(SetupTrouble::Address(field, fault));
                }
            },
            SetupPage::Proxy if self.text(SetupField::Proxy).trim().is_empty() => {
                self.proxy = None;
                self.go(cx, SetupPage::Network);
            }
            SetupPage::Proxy => match judge_proxy(self.text(SetupField::Proxy)) {
                Some(proxy) => {
                    self.proxy = Some(proxy);
                    self.go(cx, SetupPage::Network);
                }
                None => self.trouble = Some(SetupTrouble::Proxy),
            },
            SetupPage::Printer if self.printer.is_some() => self.go(cx, SetupPage::Devices),
            SetupPage::PrinterAddress if self.trying.is_none() => match judge_printer(self.text(SetupField::Printer)) {
                Some(uri) => self.try_printer(cx, PrinterChoice::This { uri, name: None }),
                None => self.trouble = Some(SetupTrouble::PrinterAddress),
            },
            SetupPage::Devices if self.pin_kept() => self.go(cx, SetupPage::Summary),
            SetupPage::Devices => self.go(cx, SetupPage::Pin),
            SetupPage::Ready if !self.printing() => return Turn::End,
            _ => {}
        }
        Turn::Stay
    }

    fn try_printer(&mut self, cx: &mut Cx, choice: PrinterChoice) {
        if let PrinterChoice::This { uri, .. } = &choice {
            let uri = uri.clone();
            self.trying = Some(choice);
            self.ask(cx, |request| SetupCommand::Try(request, uri));
        }
    }

    fn choose(&mut self, cx: &mut Cx, choice: PrinterChoice) {
        self.printer = Some(choice);
        self.go(cx, SetupPage::Printer);
    }

    fn apply(&mut self, cx: &mut Cx) {
        let Some(choice) = &self.printer else { return };
        let printer = match choice {
            PrinterChoice::This { uri, .. } => Some(uri.clone()),
            PrinterChoice::None => None,
        };
        let language = cx.session.settings.language;
        let proposal = Proposal { fixed: self.fixed.clone(), proxy: self.proxy.clone(), printer, language };
        (self.page, self.trouble) = (SetupPage::Applying, None);
        self.ask(cx, |request| SetupCommand::Apply(request, proposal));
    }

    fn touched(&mut self, cx: &mut Cx, touch: &SetupTouch) {
        let entering = !self.fields().is_empty();
        match touch {
            SetupTouch::Go(page) if self.page.leads_to(*page) => self.go(cx, *page),
            SetupTouch::Dhcp if matches!(self.page, SetupPage::Network | SetupPage::Address) => {
                self.fixed = None;
                self.go(cx, SetupPage::Network);
            }
            SetupTouch::NoProxy if self.page == SetupPage::Proxy => {
                self.proxy = None;
                self.entered.remove(&SetupField::Proxy);
                self.go(cx, SetupPage::Network);
            }
            SetupTouch::Field(field) if self.fields().contains(field) => self.active = *field,
            SetupTouch::Typed(text) if entering && text.len() <= LONGEST && self.trying.is_none() => {
                self.entered.insert(self.active, text.clone());
            }
            SetupTouch::Search if self.page == SetupPage::Printer => {
                self.printers.clear();
                self.find(cx);
            }
            SetupTouch::Printer(uri) if self.page == SetupPage::Printer && self.trying.is_none() => {
                if let Some(found) = self.printers.iter().find(|found| found.uri == *uri) {
                    let choice = PrinterChoice::This { uri: found.uri.clone(), name: Some(found.name.clone()) };
                    self.try_printer(cx, choice);
                }
            }
            SetupTouch::NoPrinter if self.page == SetupPage::Printer => self.choose(cx, PrinterChoice::None),
            SetupTouch::Mend => self.trouble = None,
            SetupTouch::UseAnyway => {
                if let Some(SetupTrouble::Printer { choice, .. }) = self.trouble.clone() {
                    self.choose(cx, choice);
                }
            }
            SetupTouch::Finish if self.page == SetupPage::Summary && self.pin_kept() => self.apply(cx),
            SetupTouch::Print if self.page == SetupPage::Ready && !self.printing() => {
                let findings = self.all_findings(cx.devices);
                self.report = Some(Printout::draw(cx, findings));
            }
            _ => {}
        }
    }

    /// Whether the report is on its way.
    pub fn printing(&self) -> bool {
        matches!(self.report, Some(Printout::Drawing(_) | Printout::Printing(_)))
    }

    fn pin_entered(&mut self, cx: &mut Cx, pin: &Personal<StaffPin>) {
        self.trouble = None;
        match (self.page, std::mem::take(&mut self.pin)) {
            (SetupPage::Pin, _) => {
                self.pin = PinEntry::Once(pin.clone());
                self.page = SetupPage::PinAgain;
            }
            (SetupPage::PinAgain, PinEntry::Once(first)) => {
                let again = pin.clone();
                let request = self.ask(cx, |request| SetupCommand::Pin { request, pin: first, again });
                self.pin = PinEntry::Sent(request);
            }
            (_, pin) => self.pin = pin,
        }
    }

    /// The PIN has to be entered anew.
    fn pin_failed(&mut self, why: SetupTrouble) {
        (self.page, self.pin, self.trouble) = (SetupPage::Pin, PinEntry::Open, Some(why));
    }

    fn answered(&mut self, cx: &mut Cx, answer: &SetupAnswer) {
        let asked = self.asked.map(|(request, _)| request);
        let about_pin = |request: &RequestId| self.pin == PinEntry::Sent(*request);
        match answer {
            SetupAnswer::Seen(request, seen) if *request == self.looked => self.seen = Some(Surroundings::clone(seen)),
            SetupAnswer::Found { request, printers, over } if *request == self.sought => {
                self.printers.clone_from(printers);
                self.searching = !over;
            }
            SetupAnswer::Tried(request, says) if asked == Some(*request) => {
                self.asked = None;
                if let Some(choice) = self.trying.take() {
                    match says {
                        PrinterSays::Good => self.choose(cx, choice),
                        says => self.trouble = Some(SetupTrouble::Printer { choice, says: *says }),
                    }
                }
            }
            SetupAnswer::PinKept(request) if about_pin(request) => {
                self.pin = PinEntry::Kept;
                self.go(cx, SetupPage::Summary);
            }
            SetupAnswer::PinsDiffer(request) if about_pin(request) => self.pin_failed(SetupTrouble::PinsDiffer),
            SetupAnswer::Failed(request) if about_pin(request) => self.pin_failed(SetupTrouble::NoPin),
            SetupAnswer::Taken(request) if asked == Some(*request) => (self.taken, self.asked) = (true, None),
            SetupAnswer::Refused(request, why) if asked == Some(*request) => {
                self.go(cx, SetupPage::Summary);
                self.trouble = Some(SetupTrouble::Refused(why.clone()));
            }
            SetupAnswer::Failed(request) if asked == Some(*request) => self.no_answer(cx),
            _ => {}
        }
    }

    fn no_answer(&mut self, cx: &mut Cx) {
        match (self.page, self.trying.take()) {
            (SetupPage::Applying, _) => {
                self.go(cx, SetupPage::Summary);
                self.trouble = Some(SetupTrouble::NoAnswer);
            }
            (SetupPage::PinAgain, _) => self.pin_failed(SetupTrouble::NoPin),
            (_, Some(choice)) => self.trouble = Some(SetupTrouble::Printer { choice, says: PrinterSays::Nothing }),
            _ => {}
        }
        self.asked = None;
    }

    /// What the port of staff mode says after the machine was set up.
    fn learned(&mut self, answer: &StaffAnswer) {
        match answer {
            StaffAnswer::Seen(request, condition) if *request == self.looked => {
                self.condition = Some(Condition::clone(condition));
            }
            StaffAnswer::Reached(request, hosts) if *request == self.sought && !hosts.is_empty() => {
                let well = hosts.iter().all(|host| host.reached);
                self.findings.insert(Part::Network, if well { Finding::Good } else { Finding::NoAnswer });
            }
            _ => {}
        }
    }
}

impl Step for SettingUp {
    const NAME: &'static str = "setting-up";

    /// Its end is every staff screen's: see [`crate::Visit`].
    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Quit) if self.page != SetupPage::Applying => return Turn::End,
            Event::Touch(Intent::Back) => return self.back(cx),
            Event::Touch(Intent::Next) => return self.next(cx),
            Event::Touch(Intent::Setup(touch)) => self.touched(cx, touch),
            Event::Touch(Intent::Staff(StaffTouch::Pin(pin))) => self.pin_entered(cx, pin),
            Event::Setup(answer) => self.answered(cx, answer),
            Event::StaffMode(answer) if self.page == SetupPage::Ready => self.learned(answer),
            Event::Tick
                if matches!(self.page, SetupPage::Network | SetupPage::Devices)
                    && cx.now.since(self.looked_at) >= LOOK_MS =>
            {
                self.look(cx);
            }
            Event::Tick if self.asked.is_some_and(|(_, since)| cx.now.since(since) > ANSWER_MS) => self.no_answer(cx),
            _ => {}
        }
        if let Some(report) = &mut self.report {
            report.follow(cx, event);
        }
        Turn::Stay
    }
}
