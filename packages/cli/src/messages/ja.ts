/** Japanese. */
import type { Messages } from './messages.ts'

export const ja: Messages = {
  ended: ({ method, path, sourceIp, outcome, status }) =>
    `${sourceIp} からの ${method} ${path} は ${outcome}(${status})で終わりました。`,
  notes: {
    'policy-changed-after-deployment': ({ stage, changedAt, deployedAt }) =>
      `注意: この API のリソースポリシーは、ステージ ${stage} のデプロイ(${deployedAt})より後の ${changedAt} に変更されています。ステージは変更前のポリシーで動いています。反映するにはデプロイしてください。`,
    'raw-path': ({ path }) =>
      `注意: ポリシーは送られたままのパス(${path})を評価しますが、ルーティングは余分なスラッシュやエスケープを許容します。特定のパスだけを対象とする Deny は回避されることがあります。Resource の末尾に \`*\` を付けるか、--strict-paths を付けて起動してください。`,
    'no-policy-asked': () =>
      'ポリシーは評価されていません。権限を判定する前にリクエストが終了しました。',
    'unreadable-policy': () =>
      '保存されているリソースポリシーを読み取れないため、すべての呼び出しが拒否されます。ポリシーを設定し直してデプロイしてください。',
    'policies-not-kept': () =>
      '判定に使われたポリシーは保存期間を過ぎたため、ステートメントを表示できません。',
  },
}
