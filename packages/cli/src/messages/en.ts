/** English. */
import type { Messages } from './messages.ts'

export const en: Messages = {
  ended: ({ method, path, sourceIp, outcome, status }) =>
    `${method} ${path} from ${sourceIp} ended with ${outcome} (${status}).`,
  atTheOrigin: 'At the origin:',
  atTheViewer: 'Asked by a distribution, for its viewer:',
  notes: {
    'policy-changed-after-deployment': ({ stage, changedAt, deployedAt }) =>
      `Note: the API's resource policy changed at ${changedAt}, after stage ${stage} was deployed (${deployedAt}). The stage serves the older one: deploy to make the change take effect.`,
    'raw-path': ({ path }) =>
      `Note: policies see the path as it was sent (${path}), while routing forgives slashes and escapes. A Deny of one exact path can be dodged; end its Resource with \`*\`, or start with --strict-paths.`,
    'no-policy-asked': () =>
      'No policy was asked: the request ended before its permission was decided.',
    'unreadable-policy': () =>
      'The stored resource policy cannot be read, so everybody is refused. Set it again and deploy.',
    'policies-not-kept': () =>
      'The policies that decided are no longer kept, so their statements cannot be shown.',
    'from-cache': ({ distributionId, behaviour }) =>
      `Distribution ${distributionId} answered from its cache (behavior ${behaviour}). A hit asks nobody: no API key, no quota and no policy was looked at, and the answer, its request id included, is that of an earlier request. To end it, invalidate the path; to have every call decided, use the cache policy CachingDisabled.`,
    'through-distribution': ({ distributionId, behaviour, originId }) =>
      `Distribution ${distributionId} asked its origin ${originId} (behavior ${behaviour}). The origin sees the edge's address, and the viewer's in X-Forwarded-For.`,
    'refused-by-distribution': ({ distributionId }) =>
      `Distribution ${distributionId} answered by itself: no origin gave this answer.`,
  },
}
