use super::{Cx, Step, Turn};
use crate::intent::{StaffPage, StaffTouch};
use crate::session::{Camera, Voice};
use crate::{Effect, Event, Intent, Policy};
use domain::card::{CardCommand, CardEvent, CardKind};
use domain::face::{FaceCommand, FaceEvent, Guidance};
use domain::form::{FilledForm, FilledPdf, FormId};
use domain::paper::{Device, PrintJob, PrinterCommand, PrinterEvent, SlipJob, SlipLine};
use domain::staff::{
    Condition, Finding, HostTried, MachineOrder, Part, Sheet, StaffAction, StaffAnswer, StaffCommand, StaffOutcome,
};
use domain::voice::{VoiceCommand, VoiceEvent};
use domain::{Personal, RequestId, Timestamp, VisitId, ruby};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many targets the test of the touch panel has, in rows of three.
pub(crate) const TARGETS: u8 = 9;

/// From this loudness on, in per cent, somebody spoke.
const SPEAKS: u8 = 30;

/// A test under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// Of what.
    pub part: Part,
    /// What was asked of the port.
    request: RequestId,
    /// The job that was given to a printer.
    job: Option<VisitId>,
    since: Timestamp,
}

impl Trial {
    /// A test that has found nothing by then has found that nothing comes.
    fn patience_ms(self) -> u64 {
        match self.part {
            Part::Reader | Part::Camera | Part::Microphone | Part::Network => 30_000,
            Part::PagePrinter | Part::SlipPrinter | Part::Touch => 90_000,
            // Whoever hears it says so.
            Part::Speaker => u64::MAX,
        }
    }
}

/// How far the report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Printout {
    /// It is drawn.
    Drawing(RequestId),
    /// It is in the printer.
    Printing(VisitId),
    /// It lies in the tray.
    Done,
    /// It will not come.
    Failed,
}

impl Printout {
    /// Has the report drawn.
    pub(super) fn draw(cx: &mut Cx, findings: Vec<(Part, Option<Finding>)>) -> Self {
        let request = cx.request();
        cx.out(Effect::Staff(StaffCommand::Draw { request, sheet: Sheet::Report(findings) }));
        Self::Drawing(request)
    }

    /// What comes of it; once it is over, whether it lies in the tray.
    pub(super) fn follow(&mut self, cx: &mut Cx, event: &Event) -> Option<bool> {
        let done = match (*self, event) {
            (Self::Drawing(request), Event::StaffMode(StaffAnswer::Drawn(drawn, pdf))) if request == *drawn => {
                *self = Self::Printing(print(cx, pdf));
                return None;
            }
            (Self::Drawing(request), Event::StaffMode(StaffAnswer::Failed(drawn))) if request == *drawn => false,
            (Self::Printing(job), Event::Paper(PrinterEvent::Printed { visit, .. })) if job == *visit => true,
            (Self::Printing(job), Event::Paper(PrinterEvent::Failed { visit, .. })) if job == *visit => false,
            _ => return None,
        };
        *self = if done { Self::Done } else { Self::Failed };
        Some(done)
    }
}

/// Sends a page that the port has drawn. It says nothing about anybody, and comes out like any other paper.
fn print(cx: &mut Cx, pdf: &Personal<FilledPdf>) -> VisitId {
    let visit = cx.job();
    let form = FormId("staff".to_owned());
    let papers = vec![FilledForm { visit, tag: None, form, pdf: pdf.clone(), pages: 1 }];
    cx.out(Effect::Printer(PrinterCommand::Print(PrintJob { visit, tag: None, papers })));
    visit
}

/// What the port was asked to do, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Errand {
    /// What it is in the audit.
    action: StaffAction,
    request: RequestId,
    /// `None` while it is under way.
    pub outcome: Option<StaffOutcome>,
}

/// Staff are at work. It is opened by [`super::EnteringStaffPin`] alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StaffMode {
    /// What is looked at.
    pub page: StaffPage,
    /// How the machine was when it was asked last.
    pub condition: Option<Condition>,
    /// What the tests have found so far.
    pub findings: BTreeMap<Part, Finding>,
    /// The test that is being made.
    pub trial: Option<Trial>,
    /// The targets that were hit.
    pub targets: BTreeSet<u8>,
    /// How loud it is, in per cent.
    pub level: u8,
    /// The hosts that were tried.
    pub hosts: Vec<HostTried>,
    /// The report.
    pub report: Option<Printout>,
    /// What a maintainer needs to know.
    pub diagnosis: Vec<String>,
    /// The last errand.
    pub errand: Option<Errand>,
    /// The last question about the machine.
    asked: RequestId,
}

impl StaffMode {
    /// The PIN was right.
    pub(super) fn opened(cx: &mut Cx) -> Self {
        let mut mode = Self {
            page: StaffPage::Menu,
            condition: None,
            findings: BTreeMap::new(),
            trial: None,
            targets: BTreeSet::new(),
            level: 0,
            hosts: Vec::new(),
            report: None,
            diagnosis: Vec::new(),
            errand: None,
            asked: RequestId::default(),
        };
        mode.look(cx);
        mode
    }

    /// Whether a part is configured here.
    pub fn has(&self, part: Part) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition.installed.contains(&part))
    }

    /// The outcome of the last errand, where it was this one.
    pub fn outcome_of(&self, wanted: StaffAction) -> Option<Option<StaffOutcome>> {
        self.errand.filter(|errand| errand.action == wanted).map(|errand| errand.outcome)
    }

    fn all_findings(&self) -> Vec<(Part, Option<Finding>)> {
        Part::ALL.map(|part| (part, self.findings.get(&part).copied())).to_vec()
    }

    fn look(&mut self, cx: &mut Cx) {
        self.asked = cx.request();
        cx.out(Effect::Staff(StaffCommand::Look(self.asked)));
    }

    fn audit(cx: &mut Cx, action: StaffAction, outcome: StaffOutcome) {
        cx.out(Effect::Staff(StaffCommand::Audit(action, outcome)));
    }

    /// To another page: the test that the last one had begun is over.
    fn go(&mut self, cx: &mut Cx, page: StaffPage) {
        self.give_up(cx);
        self.errand = None;
        self.page = page;
        match page {
            StaffPage::States | StaffPage::Levels => self.look(cx),
            StaffPage::Test(part) => self.test(cx, part),
            StaffPage::Report if !self.has(Part::PagePrinter) => self.report = Some(Printout::Failed),
            StaffPage::Report => self.report = Some(Printout::draw(cx, self.all_findings())),
            StaffPage::Diagnosis => {
                self.diagnosis.clear();
                self.asked = cx.request();
                cx.out(Effect::Staff(StaffCommand::Diagnose(self.asked, self.all_findings())));
            }
            _ => {}
        }
    }

    fn give_up(&mut self, cx: &mut Cx) {
        if let StaffPage::Test(part) = self.page {
            match part {
                Part::Camera => cx.out(Effect::Face(FaceCommand::Stop)),
                Part::Speaker | Part::Microphone if cx.devices.voice != Voice::NotInstalled => {
                    cx.out(Effect::Voice(VoiceCommand::Stop));
                }
                _ => {}
            }
        }
        // The report goes on: it is read on paper.
        if let Some(job) = self.trial.take().and_then(|trial| trial.job) {
            cx.out(Effect::Printer(PrinterCommand::Cancel(job)));
        }
    }

    fn test(&mut self, cx: &mut Cx, part: Part) {
        self.findings.remove(&part);
        self.targets.clear();
        self.hosts.clear();
        self.level = 0;
        let mut trial = Trial { part, request: cx.request(), job: None, since: cx.now };
        let request = trial.request;
        let silent = cx.devices.voice == Voice::NotInstalled;
        let found = match part {
            Part::Reader if cx.devices.no_reader => Some(Finding::Absent),
            Part::Reader => {
                cx.out(Effect::Card(CardCommand::Look));
                None
            }
            Part::Camera if cx.devices.camera == Camera::NotInstalled => Some(Finding::NotInstalled),
            Part::Camera => {
                cx.out(Effect::Face(FaceCommand::Look));
                None
            }
            Part::PagePrinter | Part::SlipPrinter if !self.has(part) => Some(Finding::NotInstalled),
            Part::PagePrinter => {
                let trouble = cx.devices.page_troubles.first().copied().map(Finding::Trouble);
                if trouble.is_none() {
                    cx.out(Effect::Staff(StaffCommand::Draw { request, sheet: Sheet::Test }));
                }
                trouble
            }
            Part::SlipPrinter => {
                let trouble = cx.devices.slip_troubles.first().copied().map(Finding::Trouble);
                if trouble.is_none() {
                    trial.job = Some(Self::print_slip(cx));
                }
                trouble
            }
            Part::Speaker | Part::Microphone if silent => Some(Finding::NotInstalled),
            Part::Speaker => {
                Self::speak(cx, request);
                None
            }
            Part::Microphone => {
                cx.out(Effect::Voice(VoiceCommand::Meter(request)));
                None
            }
            Part::Touch => None,
            Part::Network => {
                cx.out(Effect::Staff(StaffCommand::Reach(request)));
                None
            }
        };
        self.trial = Some(trial);
        if let Some(found) = found {
            self.found(cx, found);
        }
    }

    /// What everybody at this site knows how to say: its name. Words are not the core's.
    fn speak(cx: &mut Cx, request: RequestId) {
        let language = cx.session.settings.language;
        let text = format!("{} 1、2、3", cx.catalogue.site.get(language));
        cx.out(Effect::Voice(VoiceCommand::Say { request, language, text }));
    }

    /// A pattern by which print and paper are judged.
    fn print_slip(cx: &mut Cx) -> VisitId {
        let visit = cx.job();
        let language = cx.session.settings.language;
        let lines = vec![
            SlipLine::Heading(ruby::plain(cx.catalogue.site.get(language))),
            SlipLine::Rule,
            SlipLine::Text("0123456789 ABCDEFG abcdefg".to_owned()),
            SlipLine::Text("あいうえお カキクケコ 渚市役所".to_owned()),
            SlipLine::Text("简体中文 한국어".to_owned()),
            SlipLine::Tick("■■■■■■■■".to_owned()),
            SlipLine::Rule,
        ];
        let qr = Some("MADOGUCHI TEST".to_owned());
        cx.out(Effect::Printer(PrinterCommand::Slip(SlipJob { visit, language, lines, qr })));
        visit
    }

    /// A test has come to its end. A picture stays on the screen until the page is left.
    fn found(&mut self, cx: &mut Cx, finding: Finding) {
        let Some(trial) = self.trial.take() else { return };
        if let Some(job) = trial.job.filter(|_| finding != Finding::Good) {
            cx.out(Effect::Printer(PrinterCommand::Cancel(job)));
        }
        if trial.part == Part::Microphone && cx.devices.voice != Voice::NotInstalled {
            cx.out(Effect::Voice(VoiceCommand::Stop));
        }
        self.findings.insert(trial.part, finding);
        let outcome = match finding {
            Finding::Good => StaffOutcome::Done,
            Finding::NotInstalled => StaffOutcome::NotAvailable,
            _ => StaffOutcome::Failed,
        };
        Self::audit(cx, StaffAction::Test(trial.part), outcome);
    }

    /// What a device has said about the test that is being made.
    fn judge(&self, cx: &Cx, event: &Event) -> Option<Finding> {
        let trial = self.trial?;
        match (trial.part, event) {
            (Part::Reader, Event::Card(CardEvent::Inserted { kind, .. })) => {
                // A card of no kind that is known has not answered.
                (*kind != CardKind::Unknown).then_some(Finding::Good)
            }
            (Part::Reader, Event::Card(CardEvent::NoReader)) => Some(Finding::Absent),
            (Part::Camera, Event::Face(FaceEvent::NoCamera)) => Some(Finding::Absent),
            (Part::Camera, Event::Face(FaceEvent::NotInstalled)) => Some(Finding::NotInstalled),
            (Part::Camera, Event::Face(FaceEvent::Guide(seen))) => (*seen != Guidance::NoFace).then_some(Finding::Good),
            (Part::PagePrinter, Event::Paper(PrinterEvent::Printed { visit, .. })) if trial.job == Some(*visit) => {
                Some(Finding::Good)
            }
            (Part::PagePrinter, Event::Paper(PrinterEvent::Failed { visit, .. })) if trial.job == Some(*visit) => {
                Some(cx.devices.page_troubles.first().map_or(Finding::NoAnswer, |trouble| Finding::Trouble(*trouble)))
            }
            (Part::PagePrinter, Event::Paper(PrinterEvent::State { device: Device::Page, troubles, .. })) => {
                troubles.first().copied().map(Finding::Trouble)
            }
            (Part::SlipPrinter, Event::Paper(PrinterEvent::Slip { visit, printed })) if trial.job == Some(*visit) => {
                let trouble = cx.devices.slip_troubles.first().copied();
                Some(match (printed, trouble) {
                    (true, _) => Finding::Good,
                    (false, Some(trouble)) => Finding::Trouble(trouble),
                    (false, None) => Finding::NoAnswer,
                })
            }
            (Part::Microphone, Event::Voice(VoiceEvent::NoMicrophone | VoiceEvent::Gone)) => Some(Finding::Absent),
            (Part::Microphone, Event::Voice(VoiceEvent::Level { request, percent })) => {
                (*request == trial.request && *percent >= SPEAKS).then_some(Finding::Good)
            }
            (Part::Network, Event::StaffMode(StaffAnswer::Reached(request, hosts))) if *request == trial.request => {
                Some(match hosts.iter().all(|host| host.reached) {
                    _ if hosts.is_empty() => Finding::NotInstalled,
                    true => Finding::Good,
                    false => Finding::NoAnswer,
                })
            }
            (Part::PagePrinter, Event::StaffMode(StaffAnswer::Failed(request))) if *request == trial.request => {
                Some(Finding::NoAnswer)
            }
            (_, Event::Tick) => (cx.now.since(trial.since) > trial.patience_ms()).then_some(Finding::NoAnswer),
            _ => None,
        }
    }

    /// What came of the report.
    fn follow_report(&mut self, cx: &mut Cx, event: &Event) {
        if let Some(done) = self.report.as_mut().and_then(|report| report.follow(cx, event)) {
            let outcome = if done { StaffOutcome::Done } else { StaffOutcome::Failed };
            Self::audit(cx, StaffAction::Report, outcome);
        }
    }

    /// Asks the port to do something; what comes of it is kept.
    fn order(&mut self, cx: &mut Cx, action: StaffAction, command: impl FnOnce(RequestId) -> StaffCommand) {
        let request = cx.request();
        self.errand = Some(Errand { action, request, outcome: None });
        cx.out(Effect::Staff(command(request)));
    }

    fn settle(&mut self, cx: &mut Cx, answered: RequestId, outcome: StaffOutcome) {
        if let Some(errand) =
            self.errand.as_mut().filter(|errand| errand.request == answered && errand.outcome.is_none())
        {
            errand.outcome = Some(outcome);
            let action = errand.action;
            Self::audit(cx, action, outcome);
            // What was on it is part of how the machine is.
            if action == StaffAction::Machine(MachineOrder::Stick) {
                self.look(cx);
            }
        }
    }

    fn answered(&mut self, cx: &mut Cx, answer: &StaffAnswer) {
        match answer {
            StaffAnswer::Seen(request, condition) => {
                let set = self.errand.is_some_and(|errand| errand.request == *request);
                if *request == self.asked || set {
                    self.condition = Some(Condition::clone(condition));
                }
                self.settle(cx, *request, StaffOutcome::Done);
            }
            StaffAnswer::Diagnosed(request, lines) if *request == self.asked => self.diagnosis.clone_from(lines),
            StaffAnswer::Reached(request, hosts) if self.trial.is_some_and(|trial| trial.request == *request) => {
                self.hosts.clone_from(hosts);
            }
            StaffAnswer::Drawn(request, pdf) => {
                if let Some(trial) = self.trial.as_mut().filter(|trial| trial.request == *request) {
                    trial.job = Some(print(cx, pdf));
                }
            }
            StaffAnswer::Done(request) => self.settle(cx, *request, StaffOutcome::Done),
            StaffAnswer::NotAvailable(request) => self.settle(cx, *request, StaffOutcome::NotAvailable),
            StaffAnswer::Failed(request) => self.settle(cx, *request, StaffOutcome::Failed),
            _ => {}
        }
    }

    fn touched(&mut self, cx: &mut Cx, touch: &StaffTouch) {
        let testing = |part| self.trial.is_some_and(|trial| trial.part == part);
        match touch {
            StaffTouch::Go(page) => self.go(cx, *page),
            StaffTouch::Target(target) if testing(Part::Touch) && *target < TARGETS => {
                self.targets.insert(*target);
                if self.targets.len() == usize::from(TARGETS) {
                    self.found(cx, Finding::Good);
                }
            }
            StaffTouch::Works(works) if testing(Part::Speaker) || testing(Part::Touch) && !works => {
                self.found(cx, if *works { Finding::Good } else { Finding::SaidNo });
            }
            StaffTouch::Volume(percent) => {
                let percent = *percent.min(&100);
                self.order(cx, StaffAction::Volume, |request| StaffCommand::Volume(request, percent));
            }
            StaffTouch::Brightness(percent) => {
                // Never dark: nobody would find the way back.
                let percent = (*percent).clamp(10, 100);
                self.order(cx, StaffAction::Brightness, |request| StaffCommand::Brightness(request, percent));
            }
            StaffTouch::OutOfService(out) if *out != cx.devices.out_of_service => {
                cx.devices.out_of_service = *out;
                cx.out(Effect::Staff(StaffCommand::OutOfService(*out)));
                let action = if *out { StaffAction::OutOfService } else { StaffAction::InService };
                Self::audit(cx, action, StaffOutcome::Done);
            }
            StaffTouch::Export if self.page == StaffPage::Diagnosis && !self.diagnosis.is_empty() => {
                self.order(cx, StaffAction::Export, StaffCommand::Export);
            }
            // Only what was asked about; and once.
            StaffTouch::Order(order) if self.page == StaffPage::Sure(*order) && self.errand.is_none() => {
                let order: MachineOrder = *order;
                self.order(cx, StaffAction::Machine(order), |request| StaffCommand::Machine(request, order));
            }
            _ => {}
        }
    }
}

impl Step for StaffMode {
    const NAME: &'static str = "staff-mode";

    /// Its end is every staff screen's: see [`crate::Visit`].
    fn patience_ms(&self, _: &Policy) -> Option<u64> {
        None
    }

    fn on(&mut self, cx: &mut Cx, event: &Event) -> Turn {
        match event {
            Event::Touch(Intent::Quit) => return Turn::End,
            Event::Touch(Intent::Back) => match self.page {
                StaffPage::Menu => return Turn::End,
                StaffPage::PaperHelp(_) => self.go(cx, StaffPage::Paper),
                StaffPage::Test(_) => self.go(cx, StaffPage::Tests),
                _ => self.go(cx, StaffPage::Menu),
            },
            Event::Touch(Intent::Staff(touch)) => self.touched(cx, touch),
            Event::StaffMode(answer) => self.answered(cx, answer),
            Event::Voice(VoiceEvent::Level { request, percent })
                if self.trial.is_some_and(|trial| trial.request == *request) =>
            {
                self.level = *percent;
            }
            _ => {}
        }
        self.follow_report(cx, event);
        if let Some(finding) = self.judge(cx, event) {
            self.found(cx, finding);
        }
        Turn::Stay
    }
}
