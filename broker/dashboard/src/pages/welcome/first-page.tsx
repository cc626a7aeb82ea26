// `/` leads to what the person is here for: their own page, the log, the overview, or the first steps where the broker does nothing yet.
import { Navigate } from '@tanstack/react-router';
import { statusApi } from 'mcpgate-shared/api/status';
import { useSession } from '../../api/session.tsx';
import { useApi } from '../../api/use-api.ts';
import { isDismissed } from './dismissed.ts';
import { Loaded } from '../../parts/loaded.tsx';

export function FirstPage() {
  const session = useSession();
  if (!session.may('operator')) return <Navigate to={session.may('auditor') ? '/log' : '/me'} replace />;
  if (!session.may('admin') || isDismissed()) return <Navigate to="/overview" replace />;
  return <FirstOfAdministrators />;
}

function FirstOfAdministrators() {
  const status = useApi(statusApi.status, {});
  return (
    <Loaded query={status}>
      {({ servers, rules }) => <Navigate to={servers.length === 0 || rules === 0 ? '/welcome' : '/overview'} replace />}
    </Loaded>
  );
}
