"""What a screen says of its own sound, and what it plays. A page that a test evaluates in counts as touched, so the
state of the sound is read from what the page has written, and nothing is evaluated before that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page

from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.policy import AlarmKind, Priority
from tests.conftest import need
from tests.e2e.awaited import sounds
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import CHROMIUM, FLAGS, PATIENCE_MS, SERVER_DOWN, Console, open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AUTOPLAY = "--autoplay-policy="


@pytest.fixture
def silent_page(console: Console, ward: BenchWard, browser: Browser) -> Iterator[Page]:
    """A page of a browser as anybody starts it: it plays nothing before it is touched."""
    need(CHROMIUM.exists(), "Chromium", "Debian package chromium")
    flags = [flag for flag in FLAGS if not flag.startswith(AUTOPLAY)]
    own = browser.browser_type.launch(executable_path=CHROMIUM, args=flags)
    page = own.new_page(viewport={"width": 1300, "height": 800})
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", console.said)
    yield page
    own.close()
    assert console.errors == []


@pytest.mark.req("ALA-08")
def test_a_browser_that_waits_for_a_touch_says_sound_is_off_until_the_button_is_pressed(
    silent_page: Page, ward: BenchWard
) -> None:
    ward.pages.append(silent_page)
    silent_page.goto(ward.url)
    silent_page.locator('.banner.silent[data-sound="locked"]').wait_for()
    silent_page.locator(".connection.live").wait_for()
    assert "SOUND IS OFF ON THIS SCREEN" in silent_page.locator(".banner.silent").inner_text()
    sounds(silent_page, ward, "locked")
    silent_page.get_by_role("button", name="Turn alarm sound on").click()
    silent_page.locator('button.sound[data-sound="on"]').wait_for()
    assert silent_page.locator(".banner.silent").count() == 0
    sounds(silent_page, ward, "on")


@pytest.mark.req("ALA-08")
def test_a_kiosk_sounds_without_a_touch_and_a_test_that_nobody_heard_stays_said(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    page.locator('button.sound[data-sound="on"]').click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Test the sound").click()
    for answer, step in (("Yes, heard", "high"), ("No", "medium"), ("Yes, heard", "low")):
        dialog.locator(f'[data-step="{step}"]').wait_for()
        dialog.get_by_role("button", name=answer, exact=True).click()
    assert "THE TEST FAILED. Not heard: MEDIUM" in dialog.locator(".refused").inner_text()
    sounds(page, ward, "off")
    page.reload()
    page.locator('.banner.silent[data-sound="off"]').wait_for()
    page.locator(".banner.silent").get_by_role("button", name="Test the sound").click()
    dialog.locator("button.test").click()
    for _ in range(3):
        dialog.get_by_role("button", name="Yes, heard").click()
    dialog.get_by_text("The test is passed.").wait_for()
    sounds(page, ward, "on")


def test_the_volume_has_a_floor_and_is_kept(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    page.locator("button.sound").click()
    volume = page.get_by_role("dialog").get_by_label("Volume")
    assert volume.get_attribute("min") == "50"
    volume.fill("60")
    page.reload()
    page.get_by_role("button", name="Sound: on 60 %").wait_for()
    page.evaluate("localStorage.setItem('pumpd.volume', '0')")
    page.reload()
    page.get_by_role("button", name="Sound: on 50 %").wait_for()


@pytest.mark.req("ALA-08")
def test_a_screen_whose_audio_is_taken_away_says_so_at_once(own_page: Page, ward: BenchWard) -> None:
    own_page.add_init_script(
        "const Own = AudioContext;"
        "AudioContext = class extends Own { constructor(o) { super(o); window.taken = this; } };"
    )
    open_ward(own_page, ward)
    own_page.locator('button.sound[data-sound="on"]').wait_for()
    own_page.evaluate("window.taken.suspend()")
    own_page.locator('.banner.silent[data-sound="off"]').wait_for()
    sounds(own_page, ward, "off")
    own_page.get_by_role("button", name="Turn alarm sound on").click()
    own_page.locator('button.sound[data-sound="on"]').wait_for()


@pytest.mark.req("ALA-08")
def test_a_loudspeaker_that_is_unplugged_is_told_until_one_is_back(own_page: Page, ward: BenchWard) -> None:
    own_page.add_init_script(
        "window.outputs = [{ kind: 'audiooutput' }];"
        "navigator.mediaDevices.enumerateDevices = () => Promise.resolve(window.outputs);"
    )
    open_ward(own_page, ward)
    own_page.locator('button.sound[data-sound="on"]').wait_for()
    change = "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
    own_page.evaluate(f"window.outputs = []; {change}")
    own_page.locator('.banner.silent[data-sound="off"]').wait_for()
    sounds(own_page, ward, "off")
    own_page.evaluate(f"window.outputs = [{{ kind: 'audiooutput' }}]; {change}")
    sounds(own_page, ward, "on")


SPY = """
window.starts = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (at = 0) {
  const one = { at, now: this.context.currentTime, length: this.buffer.duration, stopped: null };
  window.starts.push(one);
  const stop = this.stop.bind(this);
  this.stop = (when) => { one.stopped = when; stop(when); };
  return start.call(this, at);
};
"""

SILENT = "starts.every(one => one.length < 3 || one.stopped !== null)"  # of high alarms


@pytest.mark.req("ALA-04", "ALA-07")
def test_an_alarm_is_scheduled_a_minute_ahead_and_silenced_by_pause_and_acknowledgement(
    own_page: Page, ward: BenchWard
) -> None:
    own_page.add_init_script(SPY)
    open_ward(own_page, ward)
    alarm = ward.alarm("w-01", "no breath", condition="no_breath")
    own_page.wait_for_function("() => starts.filter(one => one.length > 3).length >= 5")
    first = own_page.evaluate("starts.find(one => one.length > 3)")
    assert first["at"] - first["now"] < 0.3
    assert own_page.evaluate("starts.at(-1).at - starts.at(-1).now") > 60
    own_page.get_by_role("button", name="Pause sound: Bed 1").click()
    own_page.get_by_label("Your name or initials").fill("RN-KL")
    own_page.get_by_role("dialog").get_by_role("button", name="Pause sound").click()
    own_page.wait_for_function(f"() => {SILENT}")
    ward.alarm("w-01", "SpO2 84 % < 85 %")
    own_page.wait_for_function(f"() => !({SILENT})")
    for one in (alarm, ward.beds["w-01"].alarms[-1]):
        ward.put(_acknowledged(one), Phase.ACKNOWLEDGE)
    own_page.wait_for_function(f"() => {SILENT}")


def _acknowledged(alarm: Alarm) -> Alarm:
    return replace(alarm, state=AlarmState.ACKNOWLEDGED)


def test_a_lost_connection_has_a_tone_of_its_own_that_stands_ready_before_it_is_lost(
    own_page: Page, ward: BenchWard, console: Console
) -> None:
    console.allow(SERVER_DOWN)
    own_page.add_init_script(SPY)
    open_ward(own_page, ward)
    own_page.wait_for_function("() => starts.length > 0")
    one = own_page.evaluate("starts.at(-1)")
    assert one["at"] > one["now"]
    ward.close()
    own_page.locator(".banner.lost").wait_for()
    own_page.get_by_role("button", name="Pause the tone of the lost connection").click()
    own_page.wait_for_function("() => starts.every(one => one.stopped !== null || one.at < one.now + 4)")


RENDERED = """async ({ name, melody }) => {
  const { samplesOf } = await import("/js/sound-wave.js");
  const { plan } = await import("/js/sound-plan.js");
  const { SOUNDS } = await import("/js/sound-tables.js");
  const rate = 24000, seconds = 40;
  const voice = { id: "a", sound: name, melody, from_s: -Infinity, once: false };
  const wanted = { voices: [voice], lost_s: Infinity, quiet_s: -Infinity };
  const context = new OfflineAudioContext(1, rate * seconds, rate);
  for (const burst of plan({ last: null, told: new Map() }, wanted, 0, seconds)) {
    const samples = samplesOf(burst.name, burst.melody, rate);
    const buffer = context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(burst.at_s);
  }
  const data = (await context.startRendering()).getChannelData(0);
  const window_n = rate / 200; // 5 ms
  const pulses = [];
  let before = false;
  for (let at = 0; at < data.length; at += window_n) {
    const loud = data.subarray(at, at + window_n).some((value) => Math.abs(value) > 0.1);
    if (loud && !before) pulses.push({ start: at / rate, end: 0 });
    if (loud) pulses.at(-1).end = (at + window_n) / rate;
    before = loud;
  }
  const peak = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const n = rate / 10, from = Math.round((pulses[0].start + 0.02) * rate); // 100 ms of the first pulse's plateau
  const strength = (hz) => {
    let re = 0, im = 0;
    for (let i = 0; i < n; i += 1) {
      re += data[from + i] * Math.cos(2 * Math.PI * hz * i / rate);
      im += data[from + i] * Math.sin(2 * Math.PI * hz * i / rate);
    }
    return 2 * Math.hypot(re, im) / n;
  };
  const strongest = (low, high, step) => {
    let best = low;
    for (let hz = low; hz <= high; hz += step) if (strength(hz) > strength(best)) best = hz;
    return best;
  };
  const near = strongest(150, 1000, 5), pitch = strongest(near - 5, near + 5, 0.5);
  const decibel = (hz) => 20 * Math.log10(strength(hz) / strength(pitch));
  const harmonics = [2, 3, 4, 5].map((times) => decibel(pitch * times));
  return { pulses, peak, pitch, harmonics, level: SOUNDS[name].level };
}"""


BURSTS = (("high", "oxygenation", 10, 523, 7.0), ("medium", "cardiac", 3, 262, 11.0), ("low", "general", 2, 330, 30.6))


def test_what_is_rendered_has_the_pulses_pitch_harmonics_and_level_of_its_priority(
    page: Page, ward: BenchWard, subtests: pytest.Subtests
) -> None:
    open_ward(page, ward)
    for name, melody, pulses, pitch_hz, burst_s in BURSTS:
        with subtests.test(name):
            heard = page.evaluate(RENDERED, {"name": name, "melody": melody})
            as_designed(name, heard, pulses, pitch_hz, burst_s)


def as_designed(name: str, heard: dict[str, Any], pulses: int, pitch_hz: int, burst_s: float) -> None:
    starts = [pulse["start"] for pulse in heard["pulses"]]
    assert starts[0] < 0.02
    assert abs(starts[pulses] - burst_s) < 0.05, "the next burst"
    gaps = [
        after["start"] - before["end"]
        for before, after in zip(heard["pulses"], heard["pulses"][1:pulses], strict=False)
    ]
    assert all(gap > 0.02 for gap in gaps), "every pulse stands by itself"
    if name == "high":
        for pulse, since_s in ((3, 0.9), (5, 1.75), (8, 2.65)):
            assert abs(starts[pulse] - starts[0] - since_s) < 0.02
    assert abs(heard["pitch"] - pitch_hz) <= 5
    assert all(abs(db) <= 15 for db in heard["harmonics"])
    assert abs(heard["peak"] - heard["level"]) < 0.06


def test_a_low_advisory_is_heard_once_and_no_more_after_another_alarm(own_page: Page, ward: BenchWard) -> None:
    own_page.add_init_script(SPY)
    open_ward(own_page, ward)
    ward.alarm("w-01", "SpO2 alone", condition="advice", priority=Priority.LOW, kind=AlarmKind.ADVISORY)
    own_page.wait_for_function("() => starts.some(one => one.length < 1)")
    ward.alarm("w-02", "RR 7 /min < 8 /min", condition="rr_low", priority=Priority.MEDIUM)
    own_page.wait_for_function("() => starts.some(one => one.length > 1 && one.length < 1.2)")
    ward.put(_acknowledged(ward.beds["w-02"].alarms[0]), Phase.ACKNOWLEDGE)
    own_page.wait_for_function("() => starts.every(one => one.length < 1 || one.length > 1.2 || one.stopped !== null)")
    assert own_page.evaluate("starts.filter(one => one.length < 1).length") == 1
