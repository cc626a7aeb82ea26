// The receipt of what has ended, kept by the page: the row that it was of is gone as soon as the broker tells that it has ended, and the receipt stays until
// it was read.
import type { Receipt } from 'mcpgate-shared/api/fields';
import { createContext, useContext, useState, type ReactNode } from 'react';
import { ReceiptDialog } from './receipt-view.tsx';

interface Shown {
  title: string;
  receipt: Receipt;
}

const ShowReceipt = createContext<((shown: Shown) => void) | undefined>(undefined);

export function Receipts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Shown>();
  return (
    <ShowReceipt value={setShown}>
      {children}
      <ReceiptDialog title={shown?.title ?? ''} receipt={shown?.receipt} onClose={() => setShown(undefined)} />
    </ShowReceipt>
  );
}

export function useShowReceipt(): (shown: Shown) => void {
  const show = useContext(ShowReceipt);
  if (show === undefined) throw new Error('no page keeps receipts here');
  return show;
}
