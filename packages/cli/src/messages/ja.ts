/** Japanese. */
import type { Messages } from './messages.ts'

export const ja: Messages = {
  ended: ({ method, path, sourceIp, outcome, status }) =>
    `${sourceIp} からの ${method} ${path} は ${outcome}(${status})で終わりました。`,
  atTheOrigin: 'オリジン側:',
  atTheViewer: 'ディストリビューションからのリクエストです。ビューワー側:',
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
    'from-cache': ({ distributionId, behaviour }) =>
      `ディストリビューション ${distributionId} がキャッシュから応答しました(ビヘイビア ${behaviour})。ヒット時には API キーもクォータもポリシーも確認されず、リクエスト ID を含めて以前のリクエストへの応答がそのまま返ります。止めるにはパスを無効化してください。毎回判定させるにはキャッシュポリシー CachingDisabled を使います。`,
    'through-distribution': ({ distributionId, behaviour, originId }) =>
      `ディストリビューション ${distributionId} がオリジン ${originId} に問い合わせました(ビヘイビア ${behaviour})。オリジンから見える送信元はエッジのアドレスで、ビューワーのアドレスは X-Forwarded-For に入ります。`,
    'refused-by-distribution': ({ distributionId }) =>
      `ディストリビューション ${distributionId} 自身が応答しました。オリジンの応答ではありません。`,
  },
}
