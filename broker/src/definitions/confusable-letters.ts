// Letters of other scripts, and of Latin, that look like a letter of ASCII. Only those that are hard to tell apart in common fonts.

const PAIRS =
  'аaвbсcԁdеeһhіiјjкkӏlмmоoрpԛqѕsтtуyхxԝwАAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXԜW' +
  'αaοoνvρpυuιiκkχxγyτtΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX' +
  'օoոnսuհhցgյjԼLՏS' +
  'ᎪAᏴBᏟCᎬEᏀGᎻHᎥiᎫJᏦKᏞLᎷMᏢPᎡRᏚSᎢTᏙVᎳWᏃZ' +
  'ɑaɡgɩiıiʟLɴNᴏoᴄcᴠvᴡwᴢzꜱsʀr';

const TWINS: ReadonlyMap<string, string> = new Map(
  PAIRS.match(/../gu)?.map((pair) => [pair.slice(0, -1), pair.slice(-1)]),
);

/** The text with each such letter as the letter of ASCII that it looks like; others stay. */
export function asItLooks(text: string): string {
  return Array.from(text.normalize('NFKC'), (letter) => TWINS.get(letter) ?? letter).join('');
}
