//! Writes an example slip as a PNG, as it comes out of the receipt printer: `slip ja|en|zh-Hans|ko OUT.png`.

use anyhow::{Context, bail};
use domain::paper::{SlipJob, SlipLine};
use domain::{Language, VisitId};
use image::GrayImage;
use printing::slip::{WIDTH, draw};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(language), Some(out), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        bail!("usage: slip ja|en|zh-Hans|ko OUT.png");
    };
    let (language, words) = match language.as_str() {
        "ja" => {
            (Language::Ja, ["渚市役所", "2番 市民課", "", "マイナンバーカード", "手数料 1通 300円", "5番 税務課", ""])
        }
        "en" => (
            Language::En,
            [
                "Nagisa City Hall",
                "Counter 2 Residents",
                "Application for a copy of the resident record",
                "Your My Number Card",
                "Fee: 300 yen a copy",
                "Counter 5 Taxes",
                "Application for a tax certificate",
            ],
        ),
        "zh-Hans" => (
            Language::ZhHans,
            [
                "渚市政府",
                "2号 市民课",
                "住民票副本等交付申请书",
                "个人编号卡",
                "手续费 每份300日元",
                "5号 税务课",
                "税务证明交付申请书",
            ],
        ),
        "ko" => (
            Language::Ko,
            [
                "나기사시청",
                "2번 시민과",
                "주민표 사본 등 교부 신청서",
                "마이넘버 카드",
                "수수료 1통 300엔",
                "5번 세무과",
                "세금 증명 교부 신청서",
            ],
        ),
        _ => bail!("no such language: {language}"),
    };
    let [site, desk, form, bring, fee, second_desk, second_form] = words.map(str::to_owned);
    let mut lines = vec![SlipLine::Heading(site), SlipLine::Rule, SlipLine::Heading(desk)];
    lines.push(SlipLine::Tick("住民票の写し等交付請求書".to_owned()));
    lines.extend((!form.is_empty()).then_some(SlipLine::Text(form)));
    lines.extend([SlipLine::Tick(bring), SlipLine::Text(fee), SlipLine::Rule, SlipLine::Heading(second_desk)]);
    lines.push(SlipLine::Tick("税証明交付申請書(市民税・県民税の課税証明書、納税証明書など)".to_owned()));
    lines.extend((!second_form.is_empty()).then_some(SlipLine::Text(second_form)));
    lines.push(SlipLine::Rule);
    let qr = Some("https://queue.example.jp/?v=V000012&f=juminhyo-request,tax-certificate".to_owned());
    let picture = draw(&SlipJob { visit: VisitId(12), language, lines, qr })?;
    GrayImage::from_raw(WIDTH, picture.height(), picture.luma()).context("the picture's size")?.save(out)?;
    Ok(())
}
