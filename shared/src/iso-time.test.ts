import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseIsoTime } from './iso-time.ts';

it('a date or time of ISO 8601 is read, and none of a day that there is not', () => {
  for (const text of ['2027-03-01', '2027-03-01T08:00:00Z', '2028-02-29', '2027-12-31T23:59:59.5+02:00', '0001-01-31'])
    assert.equal(parseIsoTime(text), Date.parse(text), text);
  for (const text of [
    '2027-02-30',
    '2027-02-29',
    '2027-04-31T08:00:00Z',
    '2027-13-01',
    '2027-00-01',
    '2027-01-00',
    'March 7, 2027',
    '2027',
    '',
  ])
    assert.equal(parseIsoTime(text), undefined, text);
});
